"""A source that names several topics, and what simulated reviewers make of them."""

from typing import Any

import pytest

from corpus.articles import Article, Prediction, ScoredTopic
from corpus.desk import read_desk
from corpus.errors import DeskError
from corpus.settings.labels import LabelSettings
from corpus.settings.source import Columns, SourceSettings
from corpus.simulation import SimulatedReviewer, require_labels
from corpus.sources.rows import RowError, RowReader

TOPICS = {"World": "w", "Sports": "s", "Business": "b"}
VALUES = {"biz": "Business", "x": None, "[sic] so": "World"}


def read(cell: Any, several: bool = True) -> Article:
    source = SourceSettings(path="a.jsonl", columns=Columns(topic="about"), topic_values=VALUES)
    labels = LabelSettings(topics=TOPICS, several_topics=several)
    return RowReader(source, labels).to_article({"text": "Ada ran.", "about": cell}, 1)


@pytest.mark.parametrize(
    ("cell", "topics"),
    [
        (["World", "biz", "World"], ("Business", "World")),
        ('["Sports", "x"]', ("Sports",)),
        ("World", ("World",)),
        ("[sic] so", ("World",)),
        ('["[sic] so"]', ("World",)),
        ([], ()),
        (["x"], ()),
        (None, None),
        ("", None),
    ],
)
def test_a_cell_holds_a_list_or_one_topic(cell: Any, topics: tuple[str, ...] | None) -> None:
    article = read(cell)
    assert (article.topic, article.topics) == (None, topics)


def test_cells_that_are_no_topics() -> None:
    for broken in ('["World"', "['World', 'Sports']"):
        with pytest.raises(RowError, match=r"topics cannot be read: .* is not JSON"):
            read(broken)
    for empty in (["World", None], '["World", null]', [float("nan")]):
        with pytest.raises(RowError, match="has an empty place"):
            read(empty)
    with pytest.raises(DeskError, match=r"'\[World' is not in the schema"):
        read("[World")
    with pytest.raises(DeskError, match=r"'Arts' is not in the schema"):
        read(["World", "Arts"])
    with pytest.raises(DeskError, match=r"are several topics, the desk asks for one"):
        read(["World"], several=False)


def test_a_desk_of_one_topic_keeps_its_digest() -> None:
    one = read_desk("desk.yaml")
    assert one.digest() == read_desk("desk.yaml", {"labels.several_topics": False}).digest()
    assert one.digest() != read_desk("desk.yaml", {"labels.several_topics": True}).digest()


def test_several_topics_need_topics() -> None:
    with pytest.raises(ValueError, match=r"labels\.several_topics is set"):
        LabelSettings(entities={"person": "p"}, several_topics=True)


def simulated(
    article: Article, noise: float = 0.0, pull: float = 0.0, types: tuple[str, ...] = ("person",)
) -> tuple[str, ...] | None:
    shown = Prediction(article.id, topics=(ScoredTopic("Business", 0.9), ScoredTopic("World", 0.5)))
    reviewer = SimulatedReviewer("ada", noise, 0.0, 1, pull)
    return reviewer.answer(article, list(TOPICS), types, shown).topics


def test_simulated_reviewers_answer_with_sets() -> None:
    articles = [Article(f"{n}", "t", spans=(), topics=("Sports", "World")) for n in range(60)]
    assert {simulated(a) for a in articles} == {("Sports", "World")}
    assert {simulated(a, pull=1.0) for a in articles} == {("Business", "World")}
    noisy = [simulated(a, noise=0.5) for a in articles]
    # Left out, or another one, or none at all.
    assert {(), ("Sports",), ("Business", "World"), ("Sports", "World")} <= set(noisy)
    assert 15 < sum(topics == ("Sports", "World") for topics in noisy) < 35


def test_a_desk_that_asks_for_topics_alone_gets_no_empty_answer() -> None:
    articles = [Article(f"{n}", "t", topics=("Sports",)) for n in range(60)]
    assert () not in {simulated(a, noise=0.9, types=()) for a in articles}
    nothing = Article("n", "t", spans=(), topics=())
    require_labels([nothing], topics=True, spans=True)
    with pytest.raises(DeskError, match="no topic"):
        require_labels([nothing], topics=True, spans=False)
