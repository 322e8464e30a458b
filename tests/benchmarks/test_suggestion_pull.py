"""How often the pull is found: counted, and as a table."""

import pytest

from benchmarks.suggestion_pull import measure, summary
from benchmarks.suggestion_table import suggestion_table
from corpus.intervals import Interval
from corpus.suggestions.pull import Pull


def test_intervals_that_cover_are_counted() -> None:
    told = [Pull(Interval(v, v - 0.1, v + 0.1), 9, 9, 0) for v in (0.3, 0.35, 0.5)]
    found = summary(0.3, [*told, Pull(None, 9, 1, 0, "too few")])
    assert (found["runs"], found["told"], found["inside"]) == (4, 3, 2)
    assert found["width"] == pytest.approx(0.2)
    assert found["error"] == pytest.approx(0.25 / 3)


def test_the_table_has_a_row_for_each_question_and_marks_what_is_missed() -> None:
    rows = measure(0.3, 0.3, range(2))
    assert [row["question"] for row in rows] == [
        "topics",
        "suggested spans",
        "spans not suggested",
    ]
    bad = {**rows[0], "inside": 1, "covered": {"value": 0.5, "low": 0.1, "high": 0.9}}
    about = {"measured_at": "2031-05-01", "revision": "abc", "changed_code": False, "cores": 2,
             "python": "3.11", "load_average": 0.1}  # fmt: skip
    facts = {"seeds": 2, "articles": 400, "reviewers": 3, "cpu_seconds": 1.5}
    lines = suggestion_table({**about, **facts, "rows": [rows[1], bad]})
    assert "| 30% | 0.3 | suggested spans |" in lines[-2]
    assert "1 of 2 [0.100, 0.900]" in lines[-1]
    assert "(missed)" in lines[-1] and "(missed)" not in lines[-2]
