"""Load records that have answers already; give new answers, as annotators do."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import argilla as rg
import httpx

from argilla_settings.connection import http
from argilla_settings.data_sets import ensure_dataset
from argilla_settings.news import NEWS
from benchmarks.datasets import BULK, bulks, checked
from benchmarks.people import RESPONSES_BULK
from benchmarks.results import say
from benchmarks.stories import ENTITIES, SOURCES, TOPICS, Story, stories, to_rest
from corpus.desk import Desk, read_desk

SHOW_EVERY = 10
# Of the answers given beforehand.
STATUSES = ("submitted",) * 8 + ("discarded", "draft")


@dataclass(frozen=True, slots=True)
class Amounts:
    """So many records, of which the first ``answered`` have answers of all ``annotators``."""

    records: int
    answered: int
    annotators: int


def bench_desk(state: str, min_submitted: int) -> Desk:
    """A desk of made-up stories, whose ledger stands under ``state``."""
    return read_desk(
        "desk.yaml",
        {
            "name": f"ledger-bench-{min_submitted}",
            "state": state,
            "labels.topics": {topic: f"about {topic}" for topic in TOPICS},
            "labels.entities": {kind: f"a named {kind}" for kind in ENTITIES},
            "review.min_submitted": min_submitted,
        },
    )


def load(client: rg.Argilla, desk: Desk, people: Sequence[str], amounts: Amounts) -> rg.Dataset:
    """The desk's data set with its records; ``people`` are the user ids of annotators."""
    dataset = ensure_dataset(client, desk, NEWS)
    questions = {str(question.name): str(question.id) for question in dataset.settings.questions}
    started, done = time.monotonic(), 0
    for batch in bulks(list(stories(amounts.records))):
        items = [
            _item(story, questions, people if done + place < amounts.answered else ())
            for place, story in enumerate(batch)
        ]
        address = f"/api/v1/datasets/{dataset.id}/records/bulk"
        checked(http(client).put(address, json={"items": items}, timeout=300))
        done += len(batch)
        if done % (BULK * SHOW_EVERY) == 0:
            say(f"  {done:,} records in {time.monotonic() - started:.0f} s")
    return dataset


def answer(person: httpx.Client, rows: Sequence[dict[str, Any]], topic: str) -> None:
    """Submit one annotator's answers to these records of REST."""
    for start in range(0, len(rows), RESPONSES_BULK):
        values = {"topic": {"value": topic}, "entities": {"value": []}}
        items = [
            {"record_id": row["id"], "status": "submitted", "values": values}
            for row in rows[start : start + RESPONSES_BULK]
        ]
        taken = checked(person.post("/api/v1/me/responses/bulk", json={"items": items}))["items"]
        refused = [item["error"] for item in taken if item.get("error")]
        if refused:
            raise RuntimeError(f"{len(refused)} answers were refused, the first: {refused[0]}")


def _item(story: Story, questions: dict[str, str], people: Sequence[str]) -> dict[str, Any]:
    draw = random.Random(story.id)
    item = to_rest(story, questions)
    item["metadata"] = {"source": draw.choice(SOURCES), "blind": "no"}
    item["responses"] = list(_answers(story, draw, people))
    return item


def _answers(story: Story, draw: random.Random, people: Sequence[str]) -> Iterator[dict[str, Any]]:
    spans = [{"start": s.start, "end": s.end, "label": s.label} for s in story.spans]
    for person in people:
        topic = draw.choice(TOPICS) if draw.random() < 0.2 else story.topic
        yield {
            "user_id": person,
            "status": draw.choice(STATUSES),
            "values": {"topic": {"value": topic}, "entities": {"value": spans}},
        }
