"""Pulls of changes: what they read, what they promise, and that a full pull finds the rest."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from argilla_settings.connection import http
from corpus.moves import to_time
from tests.flows.reviewing import SmallReview, random_step, small_review
from tests.running import Services

pytestmark = pytest.mark.services

RECORDS = 12


@pytest.fixture
def review(services: Services, request: pytest.FixtureRequest) -> SmallReview:
    """A desk of the test's own, pulled once without any answer."""
    name = request.node.name.replace("[", "-").strip("]").replace("_", "-")[:40]
    made = small_review(services, name, RECORDS)
    made.pull()
    return made


def requests_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are asked for from now on."""
    paths: list[str] = []
    send = httpx.Client.send

    def noting(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        if "/datasets/" in request.url.path:
            paths.append(request.url.path)
        return send(self, request, **options)

    monkeypatch.setattr(httpx.Client, "send", noting)
    return paths


def leave_out_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if very many had been completed in the seconds before the last pull."""
    monkeypatch.setattr("flows.read_changes.MARGIN", timedelta(hours=1))
    monkeypatch.setattr("flows.changed_records.READ_AGAIN", -1_000_000)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("at_once", "asked"), [(500, 0), (0, 0), (0, RECORDS)])
def test_random_reviews_are_in_the_ledger_exactly_once(
    services: Services, monkeypatch: pytest.MonkeyPatch, seed: int, at_once: int, asked: int
) -> None:
    """All three ways of finding records in work, and both of those completed."""
    monkeypatch.setattr("flows.changed_records.READ_AT_ONCE", at_once)
    monkeypatch.setattr("flows.changed_records.LISTED_FOR_ASKED", asked)
    if not at_once:
        leave_out_what_was_read(monkeypatch)
    review = small_review(services, f"random-{seed}-{at_once}-{asked}", RECORDS)
    draw, kinds = random.Random(seed), []
    for _ in range(5):
        completed = {row["external_id"] for row in review.rows() if row["status"] == "completed"}
        for _ in range(draw.randrange(1, 9)):
            random_step(review, draw)
        kinds.append(review.pull().kind)
        there, held = review.there(), review.held()
        assert held.keys() == there.keys()
        for key, response in there.items():
            # An edit that changes no status, of a record that was completed or known before.
            if held[key] != response:
                assert held[key].status == response.status
                assert kinds[-1] == "changes"
                assert key[0] in completed or at_once == 0
    assert "changes" in kinds
    review.pull(full=True)
    assert review.held() == review.there()
    entries = review.ledger().entries()
    assert len(entries) == len(review.ledger().rows("answers")) == len(set(entries))


def test_one_new_answer_reads_one_record(
    review: SmallReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = review.rows()[:2]
    for person in (0, 1):
        review.answer(person, first, "World", "submitted")
    paths = requests_of(monkeypatch)
    report = review.pull()
    assert (report.kind, report.new_answers) == ("changes", 2)
    assert not [path for path in paths if path.endswith("/records")]
    review.answer(0, second, "Sports", "draft")
    assert review.pull().kind == "changes"
    assert review.held() == review.there()


def test_an_unchanged_data_set_costs_one_probe(
    review: SmallReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the settings of the data set, and how many records and answers there are, was read."""
    paths = requests_of(monkeypatch)
    assert review.pull().kind == "unchanged"
    assert not [path for path in paths if "/records" in path]
    assert sum(path.endswith("/progress") for path in paths) == 1


def test_a_search_that_is_not_told_of_completion_loses_nothing(
    review: SmallReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elasticsearch keeps the updated_at that a record had when it was loaded."""

    def nothing(*_: object) -> Iterator[dict[str, Any]]:
        return iter(())

    monkeypatch.setattr("flows.changed_records.completed_since", nothing)
    review.load(range(RECORDS, RECORDS + 2))
    rows = review.rows()
    for row in (rows[0], rows[-1]):
        for person in (0, 1):
            review.answer(person, row, "World", "submitted")
    report = review.pull()
    assert (report.kind, report.new_answers) == ("changes", 4)
    assert review.held() == review.there()


def test_a_server_without_filters_is_read_whole(
    review: SmallReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = httpx.Client.send

    def refuse(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        if request.url.path.endswith("/search"):
            return httpx.Response(500, text="no filters here", request=request)
        return send(self, request, **options)

    review.answer(0, review.rows()[0], "World", "submitted")
    monkeypatch.setattr(httpx.Client, "send", refuse)
    report = review.pull()
    assert (report.kind, report.new_answers) == ("full", 1)
    assert "refuses filters (HTTP 500)" in report.reason


def test_deleted_answers_and_late_ones_of_completed_records_make_a_pull_full(
    review: SmallReview,
) -> None:
    row = review.rows()[0]
    for person in (0, 1):
        review.answer(person, row, "World", "submitted")
    assert review.pull().kind == "changes"
    review.answer(2, row, "Sports", "submitted")
    late = review.pull()
    # The record may be so fresh that the margin of time has it read again; else the counts tell.
    assert review.held() == review.there()
    review.delete(review.rows()[0]["responses"][0])
    deleted = review.pull()
    assert (late.new_answers, deleted.new_answers) == (1, 1)
    assert review.held() == review.there()


def test_what_people_edit_last_is_found_at_once_and_the_rest_by_reconciling(
    review: SmallReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without margins, as if hours had passed.
    monkeypatch.setattr("flows.read_changes.MARGIN", timedelta(hours=-1))
    monkeypatch.setattr("flows.read_changes.TOGETHER", timedelta(0))
    row, other = review.rows()[:2]
    for person in (0, 1):
        review.answer(person, row, "World", "submitted")
    review.pull(full=True)
    review.answer(0, row, "Sports", "submitted")
    edited = review.pull()
    assert edited.kind == "full" and edited.reason == "the last activity is no answer found"
    assert review.held() == review.there()
    monkeypatch.setattr("flows.read_changes.TOGETHER", timedelta(hours=1))
    review.answer(0, row, "World", "submitted")
    review.answer(0, other, "World", "submitted")
    assert review.pull().kind == "changes"
    assert review.held() != review.there()
    reconciled = review.pull(**{"review.reconcile_hours": 0})
    assert reconciled.kind == "full" and "reconciling" in reconciled.reason
    assert review.held() == review.there()
    assert review.pull(**{"review.reconcile_hours": 0}).kind == "unchanged"


def test_a_pull_right_after_many_answers_reads_only_what_is_new(
    review: SmallReview, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    leave_out_what_was_read(monkeypatch)
    *known, new = review.rows()[:4]
    for row in known:
        for person in (0, 1):
            review.answer(person, row, "World", "submitted")
    # The server tells whole seconds, and an answer within the same one may have been missed.
    time.sleep(2)
    assert review.pull().new_answers == 6
    for person in (0, 1):
        review.answer(person, new, "Sports", "submitted")
    caplog.clear()
    report = review.pull()
    assert (report.kind, report.new_answers) == ("changes", 2)
    assert "2 answers read of 1 records" in caplog.text
    assert review.held() == review.there()


def test_answers_that_change_places_are_found_though_the_counts_agree(
    review: SmallReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One withdraws an answer, another submits a draft: as many of each status as before."""
    leave_out_what_was_read(monkeypatch)
    row = review.rows()[0]
    for person, status in ((0, "submitted"), (1, "submitted"), (2, "draft")):
        review.answer(person, row, "World", status)
    assert review.pull().new_answers == 3
    review.answer(0, row, "World", "draft")
    review.answer(2, row, "World", "submitted")
    assert (review.pull().kind, review.held()) == ("changes", review.there())


def test_the_next_pull_searches_from_before_this_one(review: SmallReview) -> None:
    review.answer(0, review.rows()[0], "World", "submitted")
    before = datetime.now(UTC)
    assert review.pull().kind == "changes"
    since = to_time(review.ledger().cursor()["since"])
    assert before - timedelta(minutes=1) < since < before


def test_a_deleted_record_takes_its_answers_with_it(review: SmallReview) -> None:
    row = review.rows()[0]
    for person in (0, 1):
        review.answer(person, row, "World", "submitted")
    review.pull()
    address = f"/api/v1/datasets/{review.dataset.id}/records"
    http(review.client).delete(address, params={"ids": row["id"]}).raise_for_status()
    report = review.pull()
    assert (report.kind, report.new_answers) == ("full", 2)
    assert review.held() == {}
