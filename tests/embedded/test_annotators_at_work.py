"""Annotators answer while records are logged and the server is killed: nothing is lost."""

import pytest

from benchmarks.annotators.check import check
from benchmarks.annotators.person import Answer
from benchmarks.annotators.shift import Plan, work
from benchmarks.datasets import connect, create_dataset, log_stories
from benchmarks.people import annotators
from benchmarks.stories import stories
from tests.running import ArgillaService, Services

pytestmark = pytest.mark.long

FIRST, LOGGED = 200, 400


@pytest.mark.services
def test_every_acknowledged_answer_survives_kill_9(
    services: Services, argilla_service: ArgillaService
) -> None:
    url = argilla_service.api_url
    key = argilla_service.credentials["owner"]["api_key"]
    clients = annotators(services.home, url)
    with connect(url, key) as owner:
        dataset = create_dataset(owner, "annotators-at-work", min_submitted=2)
        log_stories(owner, dataset, list(stories(FIRST)))
        batch = list(stories(LOGGED, start=FIRST))
        plan = Plan(seconds=8, think_seconds=(0.05, 0.2), kill=True)
        done = work(services.home, (url, key), clients, dataset, batch, plan)
        verdict = check(owner, dataset, done.people)

        assert [error for person in done.people for error in person.errors] == []
        assert done.logged.errors == []
        assert done.down_seconds is not None
        # Somebody was in the middle of something, or nothing was tested.
        assert sum(person.resent for person in done.people) + done.logged.resent > 0
        assert verdict.acknowledged > len(clients) * 5
        assert verdict.faults() == 0, verdict
        assert (verdict.records, verdict.searchable) == (FIRST + LOGGED, FIRST + LOGGED)

        # The check itself sees a lost answer and another value.
        person = next(p for p in done.people if p.acknowledged)
        record = next(iter(person.acknowledged))
        person.acknowledged["00000000-0000-0000-0000-000000000000"] = Answer("submitted", {})
        person.acknowledged[record] = Answer("submitted", {"topic": {"value": "Weather"}})
        spoiled = check(owner, dataset, done.people)
        assert (spoiled.lost, spoiled.other_value) == (1, 1)
