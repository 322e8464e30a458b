"""Load the large data set: records in bulks of 500, then some answers. Can be interrupted."""

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.datasets import BULK, METADATA, Dataset, checked, create_dataset, log_stories
from benchmarks.people import answer_values, submit_many
from benchmarks.results import say
from benchmarks.stories import Story, stories

NAME = "large-review"
VECTOR_SIZE = 384
# Of the answers, which share each annotator gave and which status they have.
SHARES = (0.5, 0.3, 0.2)
STATUSES = ("submitted",) * 8 + ("discarded", "draft")
SHOW_EVERY = 10


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much is loaded; the first ``vectors`` records have a vector."""

    records: int
    vectors: int
    answers: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many records this run logged, and how long that took."""

    records: int
    seconds: float


def open_dataset(owner: httpx.Client) -> Dataset:
    """The large data set, made where it is not there yet."""
    for found in checked(owner.get("/api/v1/me/datasets"))["items"]:
        if found["name"] == NAME and found["status"] == "ready":
            asked = checked(owner.get(f"/api/v1/datasets/{found['id']}/questions"))["items"]
            questions = {question["name"]: question["id"] for question in asked}
            return Dataset(found["id"], NAME, found["workspace_id"], questions)
    return create_dataset(owner, NAME, tuple(METADATA), VECTOR_SIZE, min_submitted=2)


def load_records(owner: httpx.Client, dataset: Dataset, amounts: Amounts) -> Loaded:
    """Log what is missing, from the first incomplete bulk."""
    there = checked(owner.get(f"/api/v1/datasets/{dataset.id}/progress"))["total"]
    first = there // BULK * BULK
    started = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        # The next bulk is made up while the server takes this one.
        waiting = pool.submit(_bulk, first, amounts)
        for start in range(first, amounts.records, BULK):
            batch = waiting.result()
            waiting = pool.submit(_bulk, start + BULK, amounts)
            log_stories(owner, dataset, batch)
            _show(start + len(batch), first, amounts.records, started)
    return Loaded(max(0, amounts.records - first), time.monotonic() - started)


def load_answers(
    people: Sequence[httpx.Client], dataset: Dataset, amounts: Amounts
) -> dict[str, int]:
    """Answers of the first three annotators to what their queues show; returns how many each."""
    given = {}
    for number, (client, share) in enumerate(zip(people, SHARES, strict=False), start=1):
        draw = random.Random(number)
        wanted = round(amounts.answers * share)
        done = checked(client.get(f"/api/v1/me/datasets/{dataset.id}/metrics"))["responses"]
        missing = wanted - (done["submitted"] + done["discarded"] + done["draft"])
        records = _some_records(client, dataset, amounts, wanted)
        answers = [
            {
                "record_id": record["id"],
                "status": draw.choice(STATUSES),
                "values": answer_values(record, dataset.questions["topic"], draw),
            }
            for record in records
        ]
        submit_many(client, answers[wanted - missing :] if missing > 0 else [])
        given[f"annotator-{number}"] = wanted
        say(f"  {wanted} answers of annotator {number}")
    return given


def _some_records(
    client: httpx.Client, dataset: Dataset, amounts: Amounts, wanted: int
) -> Iterator[dict[str, object]]:
    """Records in the order of loading; all annotators start at the first, so answers overlap."""
    address = f"/api/v1/me/datasets/{dataset.id}/records/search"
    body = {"sort": [{"scope": {"entity": "record", "property": "inserted_at"}, "order": "asc"}]}
    for offset in range(0, min(wanted, amounts.records), 100):
        params: dict[str, Any] = {
            "include": "suggestions",
            "offset": offset,
            "limit": min(100, wanted - offset),
        }
        found = checked(client.post(address, params=params, json={"query": {}, **body}))
        yield from (item["record"] for item in found["items"])


def _bulk(start: int, amounts: Amounts) -> list[Story]:
    count = max(0, min(BULK, amounts.records - start))
    with_vector = max(0, min(count, amounts.vectors - start))
    return [
        *stories(with_vector, start=start, vector_size=VECTOR_SIZE),
        *stories(count - with_vector, start=start + with_vector),
    ]


def _show(done: int, first: int, total: int, started: float) -> None:
    if done % (BULK * SHOW_EVERY) and done < total:
        return
    rate = (done - first) / (time.monotonic() - started)
    say(f"  {done:>7,} of {total:,} records, {rate:4.0f}/s, {(total - done) / rate:4.0f} s left")
