"""What differs since other guidelines, and over time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from corpus.intervals import Interval
from corpus.report.before_after import Part, compare_ratios, marks_given, span_pairs, topic_pairs
from corpus.report.drift import changed_lines, measure_drift
from corpus.report.periods import measure_periods, unit_of
from corpus.report.shares import count_given, label_shares, to_difference
from tests.corpus.report.made import ADA, BO, MONDAY, TOPICS, A, B, C, material, said


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
