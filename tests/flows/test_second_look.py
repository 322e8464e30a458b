"""What models doubt, marked in the real Argilla: never the test split, and gone when it is over."""

import json
from dataclasses import replace

import pytest

from argilla_settings.connection import connect
from argilla_settings.data_sets import find_dataset
from argilla_settings.records import list_rows
from argilla_settings.second_look import DOUBT, article_url, mark_doubts
from corpus.articles import Article, ScoredSpan, Span, Split
from corpus.desk import Desk
from flows.curate import CurateReport
from flows.desk_run import DeskRun
from flows.mistakes import SecondLook, second_look_lines
from flows.second_look import (
    doubt_learned,
    may_be_doubted,
    most_doubtful,
    second_look,
    suspect_topics,
)
from tests.flows.chain import KNOBS, settings
from tests.warm_command import WarmCommand
from training.evaluation.doubts import span_doubt, topic_doubt

pytestmark = pytest.mark.services


def marked(desk: Desk) -> dict[str, float]:
    """Article id → doubt of every record in Argilla that has one."""
    client = connect()
    dataset = find_dataset(client, desk)
    assert dataset is not None
    rows = list(list_rows(client, dataset))
    return {r["external_id"]: r["metadata"][DOUBT] for r in rows if DOUBT in r["metadata"]}


@pytest.fixture(scope="module")
def looked(rounds: list[CurateReport]) -> SecondLook:
    assert len(rounds) == 2
    return second_look(DeskRun(overrides=KNOBS))


def test_records_of_what_a_model_learned_from_are_marked(
    rounds: list[CurateReport], looked: SecondLook, desk: Desk
) -> None:
    told = {r.article.id: r.split for r in rounds[1].gold.reviewed if not r.blind}
    found = marked(desk)
    # The last round marked them: nothing is left to change.
    assert (looked.doubted, looked.changed) == (rounds[1].doubted, 0)
    assert len(found) == looked.doubted > 0
    assert found.keys() <= told.keys() and {told[i] for i in found} <= {"train", "validation"}
    spans = {m.article_id for m in looked.mistakes if m.kind == "entities"} & {
        i for i, split in told.items() if split != "test"
    }
    topics = suspect_topics.fn(desk, rounds[1].gold)
    assert set(found) == spans | topics.keys()
    assert all(found[article] >= doubt - 0.0001 for article, doubt in topics.items())
    assert all(0 < value <= 1 for value in found.values())


def test_mistakes_of_the_test_split_are_listed_and_not_marked(
    looked: SecondLook, desk: Desk
) -> None:
    tested = {m.article_id for m in looked.mistakes if m.split == "test"}
    assert tested
    assert not tested & marked(desk).keys()
    doubts = [m.doubt for m in looked.mistakes]
    assert doubts == sorted(doubts, reverse=True)
    lines = second_look_lines(looked, most=2)
    assert looked.url in lines[0]
    assert "test gold stays" in lines[1]
    assert len(lines) == 4 and looked.mistakes[0].url in lines[2]


def test_marks_change_no_answer_and_go_with_the_doubt(looked: SecondLook, desk: Desk) -> None:
    client = connect()
    dataset = find_dataset(client, desk)
    assert dataset is not None
    parts = ("responses", "suggestions")

    def others() -> list[object]:
        rows = sorted(list_rows(client, dataset, parts), key=lambda row: row["id"])
        return [
            (row["id"], row["responses"], row["suggestions"], row["status"],
             {k: v for k, v in row["metadata"].items() if k != DOUBT})
            for row in rows
        ]  # fmt: skip

    before, there = others(), marked(desk)
    assert mark_doubts(client, dataset, {}) == len(there)
    assert marked(desk) == {}
    assert mark_doubts(client, dataset, there) == len(there)
    assert marked(desk) == there
    assert others() == before


def test_the_commands_list_mistakes_and_print_all_scores(
    looked: SecondLook, warm: WarmCommand
) -> None:
    done = warm("second-look", "--most", "1", *settings(KNOBS))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == second_look_lines(looked, most=1)
    done = warm("score", "--json", *settings(KNOBS))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {"topics", "entities"}
    assert {"value", "low", "high"} == set(found["topics"]["test"]["accuracy"])
    assert {"boundaries", "partial", "type"} == set(found["entities"]["test"]["schemes"])


def test_doubt_is_the_largest_there_is_and_never_of_the_test_or_of_blind_articles(
    rounds: list[CurateReport],
) -> None:
    span = {"start": 0, "end": 3, "label": "person", "score": 0.8}
    some = rounds[1].gold.reviewed[0]
    articles: dict[str, tuple[Split, bool]] = {
        "a": ("train", False),
        "b": ("test", True),
        "c": ("train", False),
        "d": ("validation", True),
        "e": ("train", True),
        "f": ("test", False),
    }
    reviewed = [
        replace(some, article=Article(i, "Ada"), split=split, blind=blind)
        for i, (split, blind) in articles.items()
    ]
    gold = replace(rounds[1].gold, reviewed=tuple(reviewed))
    entities = [{"id": i, "gold": [], "predicted": [span] if i != "c" else []} for i in articles]
    ids = {r.article.id for r in may_be_doubted(gold)}
    assert ids == {"a", "c"}
    assert doubt_learned(entities, "entities", ids) == {"a": 0.8}
    assert most_doubtful({"a": 0.6, "d": 0.7}, {"a": 0.8}) == {"a": 0.8, "d": 0.7}
    many = {f"{i:02}": i / 100 for i in range(1, 90)}
    assert set(most_doubtful(many, {})) == {f"{i:02}" for i in range(40, 90)}


def test_what_is_doubted_of_a_topic_and_of_spans() -> None:
    assert topic_doubt("World", "World", 0.9) == 0
    assert topic_doubt("World", "Sports", 0.9) == 0.9
    gold = [Span(0, 3, "person")]
    assert span_doubt(gold, [ScoredSpan(0, 3, "person", 0.4)]) == 0
    assert span_doubt(gold, []) == 0.5
    assert span_doubt(gold, [ScoredSpan(0, 3, "place", 0.7)]) == 0.7


def test_an_article_is_found_by_its_plain_words(looked: SecondLook, desk: Desk) -> None:
    client = connect()
    dataset = find_dataset(client, desk)
    assert dataset is not None
    url = article_url(client, dataset, Article("a", "text", "Café's A_b wins: 3 goals ~ in Rome"))
    assert url.endswith("?status=submitted&search=3_goals_in_Rome~title")
    plain = article_url(client, dataset, Article("a", "… !"))
    assert plain.endswith("/annotation-mode")
