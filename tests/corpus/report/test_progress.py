"""How far a review is, and how fast people answer."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scipy.stats import binom

from corpus.desk import Desk, read_desk
from corpus.intervals import Interval
from corpus.ledger_rows import LedgerEntry
from corpus.report.progress import Day, measure_progress
from corpus.report.speed import MIN_TIMED, measure_speed, median_interval
from tests.corpus.report.made import MONDAY, A, B, C, gone, material, said


def test_progress_counts_articles_by_where_they_stand(desk: Desk) -> None:
    later = MONDAY + timedelta(days=1)
    found = measure_progress(
        material(
            *(said("agreed", who) for who in (A, B)),
            said("tied", A, "World"),
            said("tied", B, "Sports", at=later),
            said("waiting", A),
            gone("gone", A),
            said("draft", A, status="draft"),
            records=9,
            simulated={("waiting", A)},
        ),
        desk,
    )
    assert (found.records, found.untouched, found.answered) == (9, 6, 3)
    assert (found.complete, found.reviewed, found.ties, found.waiting) == (2, 1, 1, 1)
    assert (found.answers, found.simulated, found.people, found.drafts) == (5, 1, 2, 1)
    assert found.days == (Day("2031-05-05", 4, 1), Day("2031-05-06", 1, 1))
    decided = measure_progress(
        material(
            said("tied", A),
            said("tied", B, "Sports"),
            decisions=[said("tied", C, "Sports"), said("waiting", C)],
        ),
        desk,
    )
    assert (decided.answers, decided.people, decided.answered) == (2, 2, 1)
    assert (decided.reviewed, decided.ties, decided.records, decided.untouched) == (
        1,
        0,
        None,
        None,
    )


def test_several_topics_are_resolved_as_such() -> None:
    asked = {"review.min_submitted": 2, "labels.several_topics": True}

    def chose(article: str, who: str, *topics: str) -> LedgerEntry:
        entry = said(article, who, None)
        return replace(entry, response=replace(entry.response, topics=topics))

    answers = [chose("same", who, "World", "Sports") for who in (A, B)]
    answers += [chose("tied", A, "World"), chose("tied", B, "Sports")]
    found = measure_progress(material(*answers), read_desk("desk.yaml", asked))
    assert (found.complete, found.reviewed, found.ties) == (2, 1, 1)


def test_an_edited_answer_counts_once_and_a_deleted_one_not_at_all(desk: Desk) -> None:
    first, second = said("x", A), said("y", A)
    edited = said("x", A, "Sports", at=MONDAY + timedelta(hours=1))
    found = measure_progress(material(first, second, edited, second.buried()), desk)
    assert (found.answers, found.answered) == (1, 1)


def test_seconds_an_answer() -> None:
    seconds = [0, 10, 20, 30, 40, 50, 60, 400, 0.5]
    times = np.cumsum(seconds)
    entries = [
        said(f"{n}", A, at=MONDAY + timedelta(seconds=float(s))) for n, s in enumerate(times)
    ]
    found = measure_speed(material(*entries, said("0", B)), 1)
    ada, bo = found.annotators
    assert (found.timed, found.breaks, found.strokes) == (6, 1, 1)
    assert (ada.annotator, ada.answers, ada.timed) == (A, 9, 6)
    assert ada.median_seconds == Interval(35, 10, 60)
    assert ada.per_hour is not None
    assert ada.per_hour.value == pytest.approx(3600 * 6 / 210)
    assert 60 < ada.per_hour.low < ada.per_hour.value < ada.per_hour.high < 360
    assert (bo.timed, bo.median_seconds, bo.per_hour) == (0, None, None)
    simulated = {entry.key for entry in entries}
    assert measure_speed(material(*entries, simulated=simulated), 1).timed == 0


def test_the_median_lies_between_two_values_as_the_binomial_says() -> None:
    assert median_interval(range(MIN_TIMED - 1)) is None
    for n in (6, 7, 25, 100, 3000):
        found = median_interval(range(n))
        assert found is not None and found.value == (n - 1) / 2
        below = int(found.low)
        # So many below are as improbable as 2.5 percent allow, one more is not.
        assert binom.cdf(below, n, 0.5) <= 0.025 < binom.cdf(below + 1, n, 0.5)
        assert found.high == n - 1 - below
