"""How well wrong labels are found, against a plain count, and what deciding ties brings."""

from typing import Any

import numpy as np

from benchmarks.crowd_topics import Labelled, adjudicated
from benchmarks.label_errors import LOOKED_AT, RECALLED, described, found_wrong, unseen_doubts
from benchmarks.label_errors_table import label_errors_table


def test_what_is_found_is_what_a_plain_count_says() -> None:
    draw = np.random.default_rng(1)
    wrong = draw.random(900) < 0.2
    doubts = np.where(wrong, draw.random(900) + 0.3, draw.random(900)).round(2)
    found = found_wrong(doubts, wrong)
    order = sorted(range(900), key=lambda i: -doubts[i])
    assert found[0, 0] == sum(wrong[i] for i in order[:LOOKED_AT]) / LOOKED_AT
    assert found[0, 1] == sum(wrong[i] for i in order[:RECALLED]) / wrong.sum()
    figures = described(found)
    assert all(f["low"] < f["value"] < f["high"] for f in figures.values())
    # Whatever is drawn, a ranking that knows has nothing but wrong ones first.
    assert (found_wrong(wrong.astype(float), wrong)[:, 0] == 1).all()


def test_doubts_are_of_the_other_topic_alone() -> None:
    vectors = np.repeat(np.eye(2), 20, axis=0)
    given = ["a"] * 20 + ["b"] * 19 + ["a"]
    doubts = unseen_doubts(vectors, given)
    assert doubts[-1] > 0.5 and (doubts[:-1] == 0).all()


def test_deciding_ties_is_worth_what_the_lot_misses() -> None:
    answers = {
        "a": ["x", "x", "y", "y", "x"],
        "b": ["x", "y", "y", "z", "x"],
        "c": ["x", "z", "y", "x", "y"],
    }
    crowd = Labelled([""] * 5, answers, ["x", "", "y", "", "x"], ["x", "y", "x", "w", "x"])
    found = adjudicated(crowd)
    assert (found["items"], found["ties"]) == (5, 2)
    # Of two ties one has its gold among three answers; the other has it among none.
    assert abs(found["by_lot"]["value"] - (2 + 1 / 3) / 5) < 0.0001
    assert found["adjudicated"]["value"] == 0.8


def test_the_page_calls_simulated_what_is() -> None:
    about = {"measured_at": "2031-05-01T12:00:00", "revision": "abc", "changed_code": False}
    about |= {"cores": 2, "python": "3.11", "load_average": 0.1}
    f = {"value": 0.5, "low": 0.4, "high": 0.6}
    both = {"precision": f, "recall": f}
    given = {"given": "a1", "labels": 10, "wrong": 2, "ways": {"cleanlab": both}}
    given |= {"better_than": "other", "difference": both}
    given |= {"suspected": 1, "suspected_wrong": 1}
    few = {"labels": 100, "draws": 20, "wrong": f, "cleanlab": f, "difference": f}
    ties = {"items": 9, "ties": 3, "by_lot": f, "adjudicated": f, "difference": f}
    found: dict[str, Any] = {**about, "looked_at": 100, "recalled": 400, "given": [given]}
    trained = {"labels": 250, "models": 3, "looked_at": 75, "trained model": 20, "cleanlab": 50}
    found["few_trained"] = {**trained, "doubted": 9}
    lines = label_errors_table({**found, "few": [few], "adjudication": ties})
    assert any("trained model: 20, cleanlab: 50." in line for line in lines)
    assert (
        "| a1 | 2 of 10 (20.0%) | cleanlab | 0.500 [0.400, 0.600] | 0.500 [0.400, 0.600] |" in lines
    )
    assert "+0.500 [+0.400, +0.600]" in lines[-1] and lines[-1].startswith("**Simulated:**")
