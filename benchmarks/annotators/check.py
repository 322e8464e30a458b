"""What the server holds at the end, against what it acknowledged: record, user, value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.annotators.person import Answer, Person
from benchmarks.datasets import Dataset, checked

PAGE = 1000
# Stands in every story's last sentence.
IN_EVERY_STORY = "wire"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Numbers that must be 0, and how many records there are and are found by their text."""

    acknowledged: int
    lost: int
    doubled: int
    other_value: int
    unknown: int
    miscounted: int
    records: int
    searchable: int

    def faults(self) -> int:
        """Answers that are not exactly as acknowledged; 0 is what is wanted."""
        return self.lost + self.doubled + self.other_value + self.unknown + self.miscounted


def check(owner: httpx.Client, dataset: Dataset, people: Sequence[Person]) -> Verdict:
    """Read every record with its responses and compare them one by one."""
    ids = {checked(p.client.get("/api/v1/me"))["id"]: p for p in people}
    there = _responses(owner, dataset)
    wanted = {(user, record): a for user, p in ids.items() for record, a in p.acknowledged.items()}
    keys = [(user, record) for user, record, _ in there]
    found = {(user, record): answer for user, record, answer in there}
    both = wanted.keys() & found.keys()
    return Verdict(
        acknowledged=len(wanted),
        lost=len(wanted.keys() - found.keys()),
        doubled=len(keys) - len(set(keys)),
        other_value=sum(wanted[key] != found[key] for key in both),
        unknown=len(found.keys() - wanted.keys()),
        miscounted=sum(_miscounted(p, dataset) for p in people),
        records=checked(owner.get(f"/api/v1/datasets/{dataset.id}/progress"))["total"],
        searchable=_total(owner, dataset, IN_EVERY_STORY),
    )


def _responses(owner: httpx.Client, dataset: Dataset) -> list[tuple[str, str, Answer]]:
    """(user id, record id, answer) of every response in the data set."""
    found: list[tuple[str, str, Answer]] = []
    offset = 0
    while True:
        params: dict[str, Any] = {"include": "responses", "offset": offset, "limit": PAGE}
        page = checked(owner.get(f"/api/v1/datasets/{dataset.id}/records", params=params))["items"]
        for record in page:
            for r in record["responses"]:
                found.append((r["user_id"], record["id"], Answer(r["status"], r["values"])))
        offset += len(page)
        if len(page) < PAGE:
            return found


def _miscounted(person: Person, dataset: Dataset) -> int:
    """By how much the annotator's own progress differs from what was acknowledged."""
    shown = checked(person.client.get(f"/api/v1/me/datasets/{dataset.id}/metrics"))["responses"]
    given = [answer.status for answer in person.acknowledged.values()]
    statuses = ("submitted", "discarded", "draft")
    return sum(abs(shown[status] - given.count(status)) for status in statuses)


def _total(owner: httpx.Client, dataset: Dataset, text: str) -> int:
    address = f"/api/v1/datasets/{dataset.id}/records/search"
    body = {"query": {"text": {"q": text}}}
    return int(checked(owner.post(address, params={"limit": 1}, json=body))["total"])
