"""A data set with several topics an article: its files, its card, its earlier versions."""

from dataclasses import replace
from pathlib import Path

import pytest

from corpus.articles import ScoredTopic
from corpus.errors import DeskError
from corpus.ledger_rows import LedgerEntry
from corpus.review_state import Reviewed
from publishing.changes import dataset_changes, read_labels
from publishing.dataset import dataset_features, write_dataset
from publishing.describe_dataset import describe_dataset
from publishing.manifest import published_several, to_json
from publishing.manifest_parts import Provenance
from publishing.published_columns import refuse_other_columns
from publishing.render import render_dataset_card
from tests.publishing.reviews import TOPICS, answer, article, desk, load, reviewed

SEVERAL = {"labels.several_topics": True}
SHOWN = (ScoredTopic("Sports", 0.75), ScoredTopic("World", None))


def said(number: int, person: int, *topics: str, blind: bool = False) -> LedgerEntry:
    entry = answer(article(number), person, None, blind=blind)
    response = replace(entry.response, topics=tuple(sorted(topics)))
    shown = {"suggested_topic": None, "suggested_topic_score": None}
    return replace(entry, response=response, suggested_topics=None if blind else SHOWN, **shown)


def some_sets() -> Reviewed:
    """Two topics, one topic, none, and a tie."""
    answers = [
        *(said(0, p, "World", "Sports") for p in range(2)),
        *(said(1, p, "Business") for p in range(2)),
        *(said(2, p, blind=True) for p in range(2)),
        said(3, 0, "World", "Sports"),
        said(3, 1, "World"),
    ]
    return reviewed(desk(**SEVERAL), [article(n) for n in range(4)], answers)


def test_topics_are_a_list_of_classes_in_the_order_of_the_schema(tmp_path: Path) -> None:
    about, review = desk(**SEVERAL), some_sets()
    configs = write_dataset(about, review, tmp_path)
    assert [config.name for config in configs] == ["default", "responses", "disagreements"]
    data = load(tmp_path, configs, "default")
    names = next(iter(data.values())).features["topics"].feature.names
    assert names == list(TOPICS)
    rows = {row["id"]: row for split in data.values() for row in split}
    assert all("topic" not in row for row in rows.values())
    found = {i: [names[n] for n in row["topics"]] for i, row in rows.items()}
    ids = [article(n).id for n in range(3)]
    assert found == {ids[0]: ["World", "Sports"], ids[1]: ["Business"], ids[2]: []}


def test_answers_and_disagreements_hold_sets(tmp_path: Path) -> None:
    about = desk(**SEVERAL)
    configs = write_dataset(about, some_sets(), tmp_path)
    answers = load(tmp_path, configs, "responses")["full"]
    by_article = {row["article_id"]: row for row in answers}
    first, blind = by_article[article(0).id], by_article[article(2).id]
    assert first["topics"] == [0, 1]
    assert first["suggested_topics"] == [
        {"topic": "Sports", "score": 0.75},
        {"topic": "World", "score": None},
    ]
    assert (blind["topics"], blind["suggested_topics"]) == ([], None)
    (tied,) = load(tmp_path, configs, "disagreements")["full"]
    assert (tied["resolution"], tied["topics"]) == ("tie", None)
    assert tied["topic_votes"] == [{"topic": "World", "votes": 2}, {"topic": "Sports", "votes": 1}]


def test_the_card_says_so_and_counts_each_topic(tmp_path: Path) -> None:
    about, review = desk(**SEVERAL), some_sets()
    configs = write_dataset(about, review, tmp_path)
    made_by = Provenance(
        copydesk_version="0", code_revision="c", desk=about.name, desk_digest=about.digest()
    )
    manifest = describe_dataset(about, review, configs, {}, made_by)
    assert manifest.several_topics
    assert {name: label.total for name, label in manifest.topics.items()} == {
        "World": 1,
        "Sports": 1,
        "Business": 1,
    }
    # Two topics beside six answers; those of one article kept both, of the tie three.
    assert (manifest.suggestions.topics_shown, manifest.suggestions.topics_kept) == (12, 7)
    card = render_dataset_card(manifest, about.publish.dataset, configs)
    assert "every topic that fits" in card
    assert 'features["topics"].feature.names' in card
    assert "one topic for each article" not in card
    assert published_several(to_json(manifest)) is True


def test_a_published_column_is_not_replaced_by_another() -> None:
    refuse_other_columns(desk(), None)
    refuse_other_columns(desk(), False)
    with pytest.raises(DeskError, match=r"column 'topic', and would have 'topics'"):
        refuse_other_columns(desk(**SEVERAL), False)
    with pytest.raises(DeskError, match=r"column 'topics', and would have 'topic'"):
        refuse_other_columns(desk(), True)


def test_other_topics_are_a_change(tmp_path: Path) -> None:
    about = desk(**SEVERAL)
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old = write_dataset(about, some_sets(), tmp_path / "old")
    fewer = reviewed(about, [article(0)], [said(0, p, "World") for p in range(2)])
    new = write_dataset(about, fewer, tmp_path / "new")
    before, after = (
        read_labels(folder, [f"data/{f.name}" for f in (folder / "data").iterdir()])
        for folder in (tmp_path / "old", tmp_path / "new")
    )
    assert old[0].rows and new[0].rows
    changed = dataset_changes("v1", before, after)
    assert (changed.removed, changed.relabelled) == (2, 1)


def test_one_topic_keeps_its_column() -> None:
    assert dataset_features(desk(), licensed=False)["topic"].names == list(TOPICS)
    assert "topics" not in dataset_features(desk(), licensed=False)
