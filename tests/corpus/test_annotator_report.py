"""Figures of the annotator report, by ledgers made by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from corpus.articles import Article, Response, Span, Status
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.intervals import Interval
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from corpus.report.before_after import Part, compare_ratios, marks_given, span_pairs, topic_pairs
from corpus.report.confusion import Habit, LabelPair, counterpart, span_confusion, topic_confusion
from corpus.report.discards import LISTED_ARTICLES, length_of, measure_discards, script_of
from corpus.report.drift import changed_lines, measure_drift
from corpus.report.material import Material, gather
from corpus.report.measure import read_report, to_json
from corpus.report.periods import measure_periods, unit_of
from corpus.report.progress import Day, measure_progress
from corpus.report.shares import count_given, label_shares, to_difference
from corpus.report.speed import MIN_TIMED, measure_speed, median_interval

MONDAY = datetime(2031, 5, 5, 12, tzinfo=UTC)
ADA, BO, BOAT = Span(0, 3, "person"), Span(8, 10, "person"), Span(8, 12, "person")
A, B, C = "annotator-aaaaaaaa", "annotator-bbbbbbbb", "annotator-cccccccc"
TOPICS = ["World", "Sports"]


def said(
    article: str,
    annotator: str,
    topic: str | None = "World",
    spans: tuple[Span, ...] | None = (),
    at: datetime = MONDAY,
    **more: Any,
) -> LedgerEntry:
    status: Status = more.pop("status", "submitted")
    response = Response(article, annotator, status, topic, spans, at)
    return LedgerEntry(response, more.pop("guidelines", "g1"), False, **more)


def gone(article: str, annotator: str, at: datetime = MONDAY) -> LedgerEntry:
    return said(article, annotator, None, None, at, status="discarded")


def material(*entries: LedgerEntry, **more: Any) -> Material:
    articles = more.pop("articles", {})
    return gather(list(entries), articles, **more)


@pytest.fixture
def desk() -> Desk:
    return read_desk("desk.yaml", {"review.min_submitted": 2})


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
        material(said("tied", A), said("tied", B, "Sports")), desk, adjudicators={B}
    )
    assert (decided.reviewed, decided.ties, decided.records, decided.untouched) == (
        1,
        0,
        None,
        None,
    )


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


def test_pairs_of_topics() -> None:
    found = topic_confusion(
        material(
            *(said("x", who, topic) for who, topic in ((A, "World"), (B, "World"), (C, "Sports"))),
            *(said("y", who, topic) for who, topic in ((A, "Sports"), (B, "Gone"))),
            said("z", A, "Sports"),
        ),
        TOPICS,
    )
    assert found.labels == ("World", "Sports", "Gone")
    assert found.counts == ((2, 2, 0), (2, 0, 1), (0, 1, 0))
    assert (found.pairs, found.differing) == (4, 3)
    assert found.confused == (LabelPair("World", "Sports", 2), LabelPair("Sports", "Gone", 1))
    assert Habit(C, "Sports", "World", 2) in found.habits
    assert topic_confusion(material(), TOPICS).pairs == 0


def test_what_another_has_in_the_place_of_a_mark() -> None:
    others = {ADA, BO, Span(20, 25, "place")}
    assert counterpart(ADA, others) == ("same", "person")
    assert counterpart(Span(0, 3, "place"), others) == ("type", "person")
    assert counterpart(BOAT, others) == ("boundaries", "person")
    assert counterpart(Span(21, 30, "person"), others) == ("both", "place")
    assert counterpart(Span(40, 44, "person"), others) == ("missed", "")
    # The type decides before the place in the text does.
    assert counterpart(Span(0, 9, "person"), {Span(0, 2, "place"), BO})[0] == "boundaries"


def test_spans_side_by_side() -> None:
    found = span_confusion(
        material(
            said("x", A, spans=(ADA, BOAT)),
            said("x", B, spans=(Span(0, 3, "place"), BO, Span(20, 25, "place"))),
            said("y", A, spans=None),
            said("y", B, spans=(ADA,)),
        ),
        ["person", "place"],
    )
    assert found.counts == ((2, 1, 0), (1, 0, 1))
    assert found.marks == 5
    person, place = found.types
    assert (person.marks, person.same, person.type, person.boundaries) == (3, 0, 1, 2)
    assert (place.type, place.both, place.missed) == (1, 0, 1)
    ada, bo = found.annotators
    assert (ada.marks, ada.missed, bo.marks, bo.missed) == (2, 0, 3, 1)
    assert found.lacking == {A: 1, B: 0}


def test_discards_by_who_and_by_what_the_articles_have_in_common() -> None:
    articles = {
        f"{n}": Article(f"{n}", ("дым " if n < 2 else "smoke ") * 60, source=f"s{n % 2}")
        for n in range(8)
    }
    found = measure_discards(
        material(
            *(said(f"{n}", A) for n in range(1, 8)),
            gone("0", A),
            gone("0", B),
            gone("1", B),
            said("2", B),
            articles=articles,
        ),
        1,
    )
    ada, bo = found.by_annotator
    assert (ada.name, ada.discarded, ada.handled) == (A, 1, 8)
    assert ada.share is not None and ada.share.value == 1 / 8
    assert (bo.discarded, bo.handled, bo.share) == (2, 3, None)
    assert [(s.name, s.discarded, s.handled) for s in found.by_source] == [
        ("s0", 2, 6),
        ("s1", 1, 5),
    ]
    assert [(s.name, s.discarded) for s in found.by_script] == [("Cyrillic", 3), ("Latin", 0)]
    assert [s.name for s in found.by_length] == ["200 to 499 characters"]
    assert (found.discarded, found.in_all) == (3, 2)
    assert [(a.id, a.annotators, a.submitted) for a in found.articles] == [
        ("0", (A, B), 0),
        ("1", (B,), 1),
    ]
    assert found.articles[0].title == ("дым " * 20)
    many = measure_discards(material(*(gone(f"{n}", A) for n in range(LISTED_ARTICLES + 7))), 1)
    assert (many.in_all, len(many.articles)) == (LISTED_ARTICLES + 7, LISTED_ARTICLES)


def test_lengths_sort_by_size_and_scripts_have_names() -> None:
    assert length_of(199) == "0 to 199 characters"
    assert length_of(200) == "200 to 499 characters"
    assert length_of(70_000) == "5000 and more characters"
    texts = {"a": 6000, "b": 100, "c": 700}
    articles = {i: Article(i, "x" * size) for i, size in texts.items()}
    found = measure_discards(material(*(said(i, A) for i in texts), articles=articles), 1)
    assert [share.name.split()[0] for share in found.by_length] == ["0", "500", "5000"]
    assert script_of("42 مرحبا!") == "Arabic"
    assert script_of("東京は晴れ東京") == "Cjk"
    assert script_of("12 !") == script_of("") == "none"


def test_shares_of_labels() -> None:
    given = [(f"{n}", "World" if n < 6 else "Sports") for n in range(8)]
    counted = count_given({article for article, _ in given}, given, [*TOPICS, "Never"])
    assert counted.counts.sum(axis=0).tolist() == [6, 2, 0]
    found = label_shares(counted, 1)
    world, never = found["World"], found["Never"]
    assert world is not None and (world.value, world.low < 0.75 < world.high) == (0.75, True)
    # Eight articles without a label do not say that there is none.
    assert never is not None and (never.value, never.low) == (0, 0) and never.high > 0.2
    few = count_given({"1", "2"}, given[1:3], TOPICS)
    assert label_shares(few, 1) == {"World": None, "Sports": None}


def test_a_difference_is_told_where_its_interval_is_on_one_side_of_none() -> None:
    some = Interval(0.5, 0.4, 0.6)
    cases = {(0.1, 0.3): "higher", (-0.3, -0.1): "lower", (-0.1, 0.3): "not told"}
    for (low, high), verdict in cases.items():
        assert to_difference("x", some, some, Interval(0.2, low, high)).verdict == verdict
    assert to_difference("x", None, some, some).verdict == "too few"


def test_ratios_before_and_after() -> None:
    before = {f"{n}": Part(int(n < 10), 1) for n in range(40)}
    after = {f"a{n}": Part(int(n < 32), 1) for n in range(40)}
    found = compare_ratios("x", before, after, 1)
    assert found.before is not None and found.after is not None and found.difference is not None
    assert (found.before.value, found.after.value) == (0.25, 0.8)
    assert found.difference.value == pytest.approx(0.55)
    assert found.verdict == "higher"
    assert compare_ratios("x", before, dict(list(after.items())[:4]), 1).verdict == "too few"
    # All right before and after: nobody knows that exactly.
    perfect = {article: Part(1, 1) for article in before}
    alike = compare_ratios("x", perfect, {f"a{i}": p for i, p in perfect.items()}, 1)
    assert alike.difference is not None and alike.verdict == "not told"
    assert alike.difference.low < 0 < alike.difference.high


def test_what_articles_add_to_the_ratios() -> None:
    entries = [
        said("x", A, "World", (ADA, BO)),
        said("x", B, "World", (ADA,)),
        said("x", C, "Sports", ()),
        said("y", A, "World", (ADA,)),
    ]
    assert topic_pairs(entries) == {"x": Part(1, 3)}
    assert span_pairs(entries) == {"x": Part(2, 6)}
    assert marks_given(entries) == {"x": Part(3, 3), "y": Part(1, 1)}


def test_guidelines_in_the_order_of_first_use() -> None:
    later = MONDAY + timedelta(days=2)
    entries = [
        said(f"{n}", who, "World", (), at, guidelines=read)
        for at, read in ((later, "a"), (MONDAY, "b"))
        for n in (range(5) if read == "b" else range(5, 12))
        for who in (A, B)
    ]
    texts = {"b": "One.\nTwo.", "a": "One.\nThree."}
    found = measure_drift(material(*entries, guidelines=texts), TOPICS, ["person"], 1)
    assert [(r.revision, r.answers, r.compared) for r in found.revisions] == [
        ("b", 10, 5),
        ("a", 14, 7),
    ]
    (change,) = found.changes
    assert (change.before, change.after, change.day) == ("b", "a", "2031-05-07")
    assert change.lines == ("- Two.", "+ Three.")
    agreement, spans, marks = change.agreement
    assert (agreement.verdict, marks.verdict) == ("not told", "not told")
    # Nobody marked anything: there is no agreement on it, and no share.
    assert (spans.before, spans.verdict) == (None, "too few")
    assert [d.verdict for d in change.topics] == ["not told", "not told"]
    assert [d.verdict for d in change.types] == ["too few"]
    assert changed_lines(texts, "b", "unknown") == ()
    assert measure_drift(material(*entries[:3]), TOPICS, [], 1).changes == ()


def test_periods() -> None:
    days = [MONDAY, MONDAY + timedelta(days=20), MONDAY + timedelta(days=21)]
    assert [unit_of(days[:2]), unit_of(days), unit_of([])] == ["day", "week", "day"]
    assert unit_of([MONDAY, MONDAY + timedelta(days=7 * 26)]) == "month"
    entries = [
        said(f"{n}", who, "World", (), MONDAY + timedelta(days=n + 7 * (who == B)))
        for n in range(10)
        for who in (A, B)
    ]
    found = measure_periods(material(*entries), TOPICS, [], 1)
    assert (found.unit, found.periods[0].starts) == ("day", "2031-05-05")
    late = [
        replace(entry, response=replace(entry.response, answered_at=at))
        for entry in entries
        if entry.response.annotator == B
        for at in [entry.answered_at + timedelta(days=30)]
    ]
    weeks = measure_periods(
        material(*(e for e in entries if e.response.annotator == A), *late), TOPICS, [], 1
    )
    assert [p.starts for p in weeks.periods] == [
        "2031-05-05",
        "2031-05-12",
        "2031-06-09",
        "2031-06-16",
    ]
    # Articles count where they were finished.
    assert [p.compared for p in weeks.periods] == [0, 0, 5, 5]
    assert [p.answers for p in weeks.periods] == [7, 3, 5, 5]
    assert weeks.periods[0].topics["World"] is not None
    assert weeks.periods[1].topics["World"] is None


def test_too_few_articles_state_nothing(tmp_path: Path, desk: Desk) -> None:
    ledger = Ledger(str(tmp_path), desk.name)
    with pytest.raises(DeskError, match="has no answer in its ledger"):
        read_report(desk, ledger)
    ledger.append_entries([said(f"{n}", who) for n in range(4) for who in (A, B)])
    ledger.set_cursor({"records": "7"})
    found = read_report(desk, ledger)
    assert found.agreement.topics is not None
    assert (found.agreement.topics.overall.articles, found.agreement.topics.overall.values) == (
        4,
        {},
    )
    assert (found.progress.records, found.progress.untouched) == (7, 3)
    ledger.append_entries([said("4", who) for who in (A, B)])
    enough = read_report(desk, ledger).agreement.topics
    assert enough is not None
    percent = enough.overall.values["percent"]
    assert percent.value == 1 and percent.low < 0.8
    plain = to_json(found)
    assert plain["drift"]["revisions"][0]["topic_percent"] is None
