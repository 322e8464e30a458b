"""What several topics an article are worth: scores, gate, mistakes and doubts, row by row."""

import json
from typing import Any

import pytest

from corpus.articles import Article
from corpus.desk import read_desk
from corpus.errors import DeskError
from flows.demo import interval_text
from flows.desk_adapter import open_desk_adapter
from flows.gate import _constant
from flows.generations import newest_model
from flows.mistakes import doubt_of
from flows.row_scores import ANOTHER, ModelScores, counted_labels, row_counts, score_rows
from flows.score_tables import score_json, score_lines, table_rows
from flows.second_look import doubt_learned
from publishing.predictions import is_wrong, topics_row, wrong_answers

TOPICS = ["World", "Sports", "Money"]
SURE = {"World": 0.9, "Sports": 0.6, "Money": 0.2}


def row(number: int, gold: list[str], said: list[str]) -> dict[str, Any]:
    return topics_row(Article(f"{number}", "text"), gold, said, SURE, {})


ROWS = [
    row(0, ["Sports", "World"], ["World", "Sports"]),
    row(1, ["World"], ["World", "Sports"]),
    row(2, ["Money"], []),
    row(3, [], []),
]


def test_scores_are_of_sets() -> None:
    scores = score_rows(ROWS, "topics", TOPICS, seed=1)
    assert (scores["n"], scores["accuracy"]["value"]) == (4, 0.5)
    # Three topics are right, four were said, four are there.
    assert scores["precision"]["value"] == scores["recall"]["value"] == 0.75
    assert scores["f1"]["value"] == 0.75
    assert scores["labels"]["Sports"]["f1"]["value"] == pytest.approx(2 / 3)
    assert scores["labels"]["Money"]["f1"]["value"] == 0
    assert "confusion" not in scores


def test_every_topic_that_was_said_is_a_promise() -> None:
    rows = [row(n, ["World"], ["World", "Sports"]) for n in range(60)]
    calibration = score_rows(rows, "topics", TOPICS, seed=1)["calibration"]
    assert calibration["n"] == 120


def test_the_gate_counts_a_topic_that_nobody_asks_for_as_wrong() -> None:
    rows = [row(0, ["World"], ["World", "Arts"])]
    counts = row_counts(rows, "topics", TOPICS)
    assert counts.said.sum() == 2
    assert counts.hit.sum() == 1
    assert counts.said.toarray()[0, counted_labels("topics", TOPICS).index(ANOTHER)] == 1


def test_what_anybody_has_for_nothing_is_the_most_frequent_topic() -> None:
    said, name = _constant(ROWS, "topics")
    assert (name, {tuple(r["predicted"]) for r in said}) == ("always answering World", {("World",)})


def test_where_no_topic_fits_any_article_the_scores_are_not_defined() -> None:
    rows = [row(n, [], []) for n in range(25)] + [row(25, [], [])]
    for number, one in enumerate(rows):
        one["about"] = {"source": "a" if number < 22 else "b"}
    scores = score_rows(rows, "topics", TOPICS, seed=1)
    assert scores["accuracy"]["value"] == 1
    assert scores["f1"] is scores["precision"] is scores["recall"] is scores["macro_f1"] is None
    found = [ModelScores("topics", "k", scores, {})]
    assert json.loads(score_json(found))["topics"]["test"]["f1"] is None
    lines = score_lines(found)
    assert "topics on reviewed test (26 articles): f1 not defined" in lines
    assert "topics on reviewed test (26 articles): source: a (22) not defined" in lines
    assert all(r["value"] for r in table_rows(found))
    assert interval_text(scores["f1"]) == "not defined"


def test_where_no_topic_fits_any_article_nothing_is_said_for_nothing() -> None:
    said, name = _constant([row(n, [], ["World"]) for n in range(3)], "topics")
    assert (name, {tuple(r["predicted"]) for r in said}) == ("answering none", {()})
    assert _constant([], "topics") == ([], "answering none")


def test_mistakes_are_told_with_their_probabilities() -> None:
    assert [is_wrong(r) for r in ROWS] == [False, True, True, False]
    told = wrong_answers(ROWS, [Article(f"{n}", "text") for n in range(4)])
    assert [(w.gold, w.predicted) for w in told] == [
        (["World"], ["World (0.90)", "Sports (0.60)"]),
        (["Money"], ["none"]),
    ]


def test_doubt_is_of_the_topic_that_both_differ_in() -> None:
    assert [doubt_of(r, "topics") for r in ROWS] == [0.0, 0.6, pytest.approx(0.8), 0.0]
    # A topic that the model never learned.
    assert doubt_of(row(4, ["Arts"], []), "topics") == 1.0


def test_instruction_models_are_refused_before_anything_is_read() -> None:
    desk = read_desk("desk.yaml", {"name": "sets-of-none", "labels.several_topics": True})
    for ask in (lambda: newest_model(desk, None), lambda: open_desk_adapter(desk)):  # type: ignore[arg-type]
        with pytest.raises(DeskError, match="an instruction model answers with one"):
            ask()


def test_a_second_look_doubts_what_was_learned() -> None:
    assert doubt_learned(ROWS, "topics", {"0", "1", "3"}) == {"1": 0.6}
