"""The requests of the UI that are measured get the answers they should, on a small data set."""

from collections.abc import Iterator

import httpx
import pytest

from benchmarks.datasets import Dataset, connect, create_dataset
from benchmarks.large_review import load
from benchmarks.large_review.load import Amounts, load_answers, load_records
from benchmarks.large_review.measure import measure, memory_mb
from benchmarks.people import annotators
from tests.running import ArgillaService, Services

AMOUNTS = Amounts(records=620, vectors=60, answers=40)


@pytest.fixture(scope="module")
def owner(argilla_service: ArgillaService) -> Iterator[httpx.Client]:
    key = argilla_service.credentials["owner"]["api_key"]
    with connect(argilla_service.api_url, key) as client:
        yield client


@pytest.fixture(scope="module")
def dataset(owner: httpx.Client) -> Dataset:
    made = create_dataset(owner, "large-review-small", vector_size=load.VECTOR_SIZE)
    load_records(owner, made, AMOUNTS)
    return made


@pytest.mark.services
def test_every_question_of_the_ui_is_asked_and_finds_what_was_planted(
    services: Services, owner: httpx.Client, dataset: Dataset
) -> None:
    client = next(iter(annotators(services.home, str(owner.base_url)).values()))
    rows = {row["name"]: row for row in measure(client, dataset, services.home, repetitions=2)}
    hits = {name: row["total"] for name, row in rows.items()}
    assert hits["pending queue, first page"] == 620
    assert hits["text: a rare word"] == 1
    assert hits["text: a word in half of the records"] == 310
    assert hits["text: a phrase"] == 7
    assert hits["sort by metadata"] == hits["sort by time of insertion"] == 620
    assert 0 < hits["suggestion score: 0.9 to 1"] < 120
    assert 0 < hits["metadata: two of 40 terms"] < 80
    assert hits["similar to a record"] == 10
    assert hits["submitted queue"] == 0
    assert all(row["n"] == 2 and row["median"] > 0 for row in rows.values())
    assert 100 < memory_mb(services.home)["now"] <= memory_mb(services.home)["peak"]


@pytest.mark.services
def test_an_interrupted_load_goes_on_and_a_second_one_changes_nothing(
    services: Services, owner: httpx.Client, dataset: Dataset
) -> None:
    people = list(annotators(services.home, str(owner.base_url)).values())[:3]
    address = f"/api/v1/datasets/{dataset.id}/progress"
    for _ in range(2):
        load_records(owner, dataset, AMOUNTS)
        given = load_answers(people, dataset, AMOUNTS)
        assert owner.get(address).json()["total"] == 620
        there = [
            sum(
                p.get(f"/api/v1/me/datasets/{dataset.id}/metrics").json()["responses"][s]
                for s in ("submitted", "discarded", "draft")
            )
            for p in people
        ]
        assert there == list(given.values()) == [20, 12, 8]
