"""The published Parquet files, read by load_dataset and pandas."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from hashlib import sha256
from pathlib import Path

import pandas
import pytest

from corpus.articles import Span
from corpus.errors import DeskError
from corpus.instruct.answers import Questions, read_answer
from publishing import shards
from publishing.dataset import dataset_features, write_dataset
from publishing.describe_answers import describe_agreement, describe_answers, describe_suggestions
from publishing.front_matter import dataset_metadata
from publishing.published_columns import refuse_changed_classes
from publishing.responses_config import published_name
from tests.flows.plain_figures import answer_figures
from tests.publishing.reviews import (
    AGENT,
    PEOPLE,
    SECRET,
    START,
    TOPICS,
    TYPES,
    answer,
    article,
    config_of,
    desk,
    load,
    reviewed,
    some_review,
)


def test_columns_and_labels(tmp_path: Path) -> None:
    about = desk()
    configs = write_dataset(about, some_review(about), tmp_path)
    assert [config.name for config in configs] == ["default", "responses", "disagreements", "sft"]
    data = load(tmp_path, configs, "default")
    rows = data["train"]
    assert rows["id"] == sorted(rows["id"])
    assert rows.features["topic"].names == list(TOPICS)
    row = rows[0]
    assert [row["text"][s["start"] : s["end"]] for s in row["spans"]] == ["Ada Obi"]
    names = rows.features["ner_tags"].feature.names
    assert names == ["O", "B-person", "I-person", "B-event", "I-event"]
    tagged = dict(zip(row["tokens"], [names[tag] for tag in row["ner_tags"]], strict=True))
    assert (tagged["Ada"], tagged["Obi"], tagged["won"]) == ("B-person", "I-person", "O")
    assert set(data["test"]["blind"]) == {True}
    assert {split: len(part) for split, part in data.items()} == config_of(configs, "default").rows


def test_every_answer_with_what_was_shown(tmp_path: Path) -> None:
    about = desk()
    one, two = article(1), article(2)
    entries = [
        answer(one, 0),
        answer(one, 1, "World", ()),
        answer(one, 2, None, (), status="discarded"),
        answer(two, 0, blind=True),
        answer(two, 1, blind=True),
        answer(two, 2, status="draft"),
    ]
    configs = write_dataset(about, reviewed(about, [one, two], entries), tmp_path)
    rows = load(tmp_path, configs, "responses")["full"]
    assert len(rows) == 5
    names = rows.features["topic"].names
    first = next(r for r in rows if r["annotator"] == published_name(SECRET, PEOPLE[0]))
    assert first["article_id"] == one.id
    assert names[first["topic"]] == "Sports"
    assert first["answered_at"] == START.replace(minute=10)
    assert (first["suggested_topic"], first["suggested_topic_score"]) == ("Sports", 0.75)
    assert first["suggested_spans"] == [{"start": 4, "end": 11, "label": "person", "score": 0.5}]
    assert first["topic_agent"] == first["spans_agent"] == AGENT
    assert first["simulated"]
    statuses = sorted(rows["status"])
    assert statuses == ["discarded", "submitted", "submitted", "submitted", "submitted"]
    discarded = next(r for r in rows if r["status"] == "discarded")
    assert discarded["topic"] is None
    blind = [r for r in rows if r["blind"]]
    assert [(r["suggested_topic"], r["suggested_spans"]) for r in blind] == [(None, None)] * 2


def test_where_annotators_differ(tmp_path: Path) -> None:
    about = desk()
    same, disputed, tied, waiting = (article(n) for n in (1, 2, 3, 4))
    other = (Span(4, 11, "event"),)
    entries = [
        *(answer(same, person) for person in range(3)),
        *(answer(disputed, person) for person in range(2)),
        answer(disputed, 2, "World", other),
        answer(tied, 0, "World"),
        answer(tied, 1, "Sports"),
        answer(waiting, 0),
    ]
    configs = write_dataset(
        about, reviewed(about, [same, disputed, tied, waiting], entries), tmp_path
    )
    rows = {row["id"]: row for row in load(tmp_path, configs, "disagreements")["full"]}
    assert set(rows) == {disputed.id, tied.id}
    found = rows[disputed.id]
    assert found["topic_votes"] == [{"topic": "World", "votes": 1}, {"topic": "Sports", "votes": 2}]
    assert {"start": 4, "end": 11, "label": "event", "votes": 1} in found["span_votes"]
    assert (found["resolution"], found["published"]) == ("majority", True)
    assert (rows[tied.id]["resolution"], rows[tied.id]["published"]) == ("tie", False)
    assert rows[tied.id]["topic"] is None
    # A third voted another topic, a third marked other spans.
    assert found["agreement"] == pytest.approx(2 / 3, abs=1e-4)
    published = {i for part in load(tmp_path, configs, "default").values() for i in part["id"]}
    assert published == {same.id, disputed.id}


def test_chats_of_the_same_articles_in_the_same_splits(tmp_path: Path) -> None:
    about = desk()
    configs = write_dataset(about, some_review(about), tmp_path)
    data, chats = load(tmp_path, configs, "default"), load(tmp_path, configs, "sft")
    assert set(chats) == set(data)
    for split, rows in chats.items():
        assert rows["id"] == data[split]["id"]
        names = data[split].features["topic"].names
        for chat, row in zip(rows, data[split], strict=True):
            system, user, assistant = chat["messages"]
            said = json.loads(assistant["content"])
            asked = Questions(tuple(TOPICS), tuple(TYPES))
            assert read_answer(assistant["content"], asked).problem == ""
            assert said["topic"] == names[row["topic"]]
            marked = [(row["text"][s["start"] : s["end"]], s["label"]) for s in row["spans"]]
            assert [(m["text"], m["type"]) for m in said["entities"]] == marked
            assert row["text"] in user["content"]
            assert all(topic in system["content"] for topic in TOPICS)
            assert chat["schema_version"] == 1


def test_a_configuration_without_rows_gets_no_file(tmp_path: Path) -> None:
    about = desk()
    item = article(1)
    review = reviewed(about, [item], [answer(item, 0), answer(item, 1)])
    configs = write_dataset(about, review, tmp_path)
    assert [config.name for config in configs] == ["default", "responses", "sft"]
    assert not list(tmp_path.rglob("disagreements/*.parquet"))


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    about = desk()
    review = some_review(about)
    turned = reviewed(
        about, [r.article for r in review.gold.reviewed], list(reversed(review.answers))
    )
    write_dataset(about, review, tmp_path / "one")
    write_dataset(about, turned, tmp_path / "two")
    files = {
        file.relative_to(tmp_path / "one"): file.read_bytes()
        for file in sorted((tmp_path / "one").rglob("*.parquet"))
    }
    assert len(files) >= 4
    for name, content in files.items():
        assert (tmp_path / "two" / name).read_bytes() == content


def test_nobody_can_be_found_behind_a_pseudonym(tmp_path: Path) -> None:
    about = desk()
    write_dataset(about, some_review(about), tmp_path)
    for file in tmp_path.rglob("*.parquet"):
        content = file.read_bytes() + pandas.read_parquet(file).to_csv().encode()
        assert not any(person.encode() in content for person in PEOPLE)
    other = published_name(b"x" * 32, PEOPLE[0])
    assert other != published_name(SECRET, PEOPLE[0]) != published_name(SECRET, PEOPLE[1])
    assert sha256(PEOPLE[0].encode()).hexdigest()[:10] not in published_name(SECRET, PEOPLE[0])


def test_class_numbers_never_change_their_meaning() -> None:
    about = desk()
    refuse_changed_classes(about, ["World", "Sports"], ["person"])
    refuse_changed_classes(about, list(TOPICS), ["person", "event"])
    refuse_changed_classes(about, [], [])
    with pytest.raises(DeskError, match=r"'Sports' as number 0 of its topics.* is number 1: "):
        refuse_changed_classes(about, ["Sports", "World"], [])
    with pytest.raises(DeskError, match=r"'place' as number 1 of its entities.* is gone") as error:
        refuse_changed_classes(about, [], ["person", "place"])
    assert "Restore the order person, place in labels.entities" in error.value.next_step


def test_new_labels_keep_the_numbers_of_the_old() -> None:
    before = dataset_features(desk(), licensed=False)
    longer = {"labels.topics": {**TOPICS, "Arts": "a"}, "labels.entities": {**TYPES, "place": "p"}}
    after = dataset_features(desk(**longer), licensed=False)
    for label in TOPICS:
        assert after["topic"].str2int(label) == before["topic"].str2int(label)
    for tag in before["ner_tags"].feature.names:
        assert after["ner_tags"].feature.str2int(tag) == before["ner_tags"].feature.str2int(tag)
    assert after["topic"].names[-1] == "Arts"


def test_the_front_matter_is_what_datasets_would_write(tmp_path: Path) -> None:
    from publishing.describe_dataset import describe_dataset
    from publishing.provenance import provenance

    about = desk()
    review = some_review(about)
    configs = write_dataset(about, review, tmp_path)
    manifest = describe_dataset(about, review, configs, {}, provenance(about))
    info = dataset_metadata(manifest, configs, about.publish.dataset)["dataset_info"]
    default = next(part for part in info if part["config_name"] == "default")
    assert default["download_size"] == sum(
        file.stat().st_size for file in (tmp_path / "data").glob("*.parquet")
    )
    assert default["dataset_size"] == sum(split["num_bytes"] for split in default["splits"]) > 0


def test_every_block_of_rows_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = desk()
    review = some_review(about)
    whole = write_dataset(about, review, tmp_path / "one")
    monkeypatch.setattr(shards, "BLOCK_ROWS", 2)
    assert write_dataset(about, review, tmp_path / "two") == whole
    for file in (tmp_path / "one").rglob("*.parquet"):
        other = tmp_path / "two" / file.relative_to(tmp_path / "one")
        assert other.read_bytes() == file.read_bytes()


def test_answers_are_dated_to_the_minute(tmp_path: Path) -> None:
    about, item = desk(), article(1)
    entries = [answer(item, person) for person in range(2)]
    precise = timedelta(seconds=59, microseconds=123456)
    late = [
        replace(e, response=replace(e.response, answered_at=e.response.answered_at + precise))
        for e in entries
    ]
    configs = write_dataset(about, reviewed(about, [item], late), tmp_path)
    rows = load(tmp_path, configs, "responses")["full"]
    assert sorted(rows["answered_at"]) == [e.response.answered_at for e in entries]
    told = describe_answers(late, frozenset())
    assert (told.first, told.last) == ("2031-05-01T09:10:00+00:00", "2031-05-01T09:11:00+00:00")


@pytest.mark.parametrize(
    ("agent", "published"),
    [
        ("copydesk/sample-news-topics:1a2b3c4d5e6f", True),
        ("zero-shot:sentence-transformers/all-MiniLM-L6-v2", True),
        ("zero-shot:potion-base-8M", True),
        ("source:harbour news 2031.csv", True),
        ("source:lantern/harbour-news", True),
        ("ada.obi@lantern.example", False),
        ("ada.obi_lantern.example", False),
        ("ada.obi:1a2b3c4d5e6f", False),
        ("source:ada@lantern.example", False),
        ("source:/home/ada/news.csv", False),
        ("copydesk/sample-news-topics:1a2b3c4d5e6f\nada", False),
    ],
)
def test_only_agents_that_copydesk_names_are_published(
    tmp_path: Path, agent: str, published: bool
) -> None:
    about, item = desk(), article(1)
    entries = [answer(item, p, topic_agent=agent, spans_agent=agent) for p in range(2)]
    configs = write_dataset(about, reviewed(about, [item], entries), tmp_path)
    rows = load(tmp_path, configs, "responses")["full"]
    expected = agent if published else "other"
    assert set(rows["topic_agent"]) == set(rows["spans_agent"]) == {expected}
    assert describe_suggestions(entries, 1).agents == [expected]


def test_agreement_and_what_was_kept_are_those_of_plain_loops(tmp_path: Path) -> None:
    about = desk()
    review = some_review(about, 40)
    rows = load(tmp_path, write_dataset(about, review, tmp_path), "responses")["full"].to_list()
    plain = answer_figures(rows, list(TOPICS))
    told = {
        "agreement": describe_agreement(review.answers, 1).model_dump(),
        "suggestions": describe_suggestions(review.answers, 1).model_dump(),
    }
    assert len(plain) == 11
    for key, value in plain.items():
        found = reduce(lambda part, name: part[name], key.strip("/").split("/"), told)
        assert found == pytest.approx(value), key
    assert 0 < plain["/suggestions/span_rate/value"] < 1
