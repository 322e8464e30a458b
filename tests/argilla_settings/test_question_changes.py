"""A desk that changes: its Argilla data set follows, or says all that it would take."""

from typing import Any

import pytest

from argilla_settings.connection import connect, http
from argilla_settings.data_sets import (
    REVISION,
    ensure_dataset,
    guidelines_revision,
    require_dataset,
)
from argilla_settings.news import NEWS
from argilla_settings.records import list_rows, log_records, to_record
from argilla_settings.responses import submit_responses
from argilla_settings.rest import Row, read, read_items, send
from corpus.articles import Article
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from tests.running import ArgillaService

ENTITIES = {"person": "A human being.", "organization": "A group.", "event": "What happens."}
NOTE = {"type": "text", "title": "Anything to say?"}
QUALITY = {"type": "rating", "title": "How well is it written?", "values": [1, 2, 3]}

pytestmark = pytest.mark.services


def desk(name: str, **changes: Any) -> Desk:
    keys = {
        "name": name,
        "labels.topics": {"World": "Elsewhere.", "Sports": "Games."},
        "labels.entities": ENTITIES,
        "source.topic_values": {},
        "source.entity_values": {},
        "review.also_ask": {"note": NOTE, "quality": QUALITY},
        **changes,
    }
    return read_desk("desk.yaml", keys)


def questions(wanted: Desk) -> dict[str, Row]:
    client = connect()
    dataset = require_dataset(client, wanted, NEWS)
    rows = read_items(client, f"datasets/{dataset.id}/questions")
    return {row["name"]: row for row in rows}


def test_a_desk_asks_besides(argilla_service: ArgillaService) -> None:
    ensure_dataset(connect(), desk("asks-besides"), NEWS)
    asked = questions(desk("asks-besides"))
    assert list(asked) == ["topic", "entities", "note", "quality"]
    assert asked["note"]["settings"]["type"] == "text" and not asked["note"]["required"]
    assert asked["quality"]["title"] == QUALITY["title"] and not asked["quality"]["required"]
    assert [o["value"] for o in asked["quality"]["settings"]["options"]] == [1, 2, 3]


def test_what_argilla_can_change_follows_the_desk(argilla_service: ArgillaService) -> None:
    client, name = connect(), "follows"
    dataset = ensure_dataset(client, desk(name), NEWS)
    log_records(dataset, [to_record(Article("a", "Ada met Obi."), None, blind=False)])
    before = questions(desk(name))
    changed = desk(
        name,
        **{
            "labels.topics": {"Sports": "Games people watch.", "World": "Elsewhere."},
            "labels.overlapping": True,
            "review.also_ask": {"note": NOTE | {"title": "Say it."}, "quality": QUALITY},
        },
    )
    ensure_dataset(client, changed, NEWS)
    after = questions(changed)
    assert [o["value"] for o in after["topic"]["settings"]["options"]] == ["Sports", "World"]
    assert "Games people watch." in after["topic"]["description"]
    assert not before["entities"]["settings"]["allow_overlapping"]
    assert after["entities"]["settings"]["allow_overlapping"]
    assert after["note"]["title"] == "Say it."
    assert {n: q["id"] for n, q in after.items()} == {n: q["id"] for n, q in before.items()}
    assert len(list(list_rows(client, dataset))) == 1


def test_entity_types_that_may_overlap_change_their_order(argilla_service: ArgillaService) -> None:
    """Also how many are shown at once, and where people have marked overlapping entities."""
    client, name, overlapping = connect(), "reorders", {"labels.overlapping": True}
    dataset = ensure_dataset(client, desk(name, **overlapping), NEWS)
    log_records(dataset, [to_record(Article("a", "Ada met Obi."), None, blind=False)])
    (row,) = list_rows(client, dataset)
    spans = [{"start": 0, "end": end, "label": "person"} for end in (3, 11)]
    values = {"topic": {"value": "World"}, "entities": {"value": spans}}
    submit_responses(client, [{"record_id": row["id"], "values": values}])
    asked = questions(desk(name))["entities"]
    send(client, "PATCH", f"questions/{asked['id']}", {
        "settings": {"type": "span", "visible_options": None, "allow_overlapping": True}
    })  # fmt: skip
    reordered = {kind: ENTITIES[kind] for kind in ("event", "person", "organization")}
    ensure_dataset(client, desk(name, **overlapping, **{"labels.entities": reordered}), NEWS)
    settings = questions(desk(name))["entities"]["settings"]
    assert [option["value"] for option in settings["options"]] == list(reordered)
    assert (settings["visible_options"], settings["allow_overlapping"]) == (3, True)
    (row,) = list_rows(client, dataset, ("responses",))
    assert row["responses"][0]["values"]["entities"]["value"] == spans


def test_the_data_set_tells_which_guidelines_people_read(argilla_service: ArgillaService) -> None:
    client, name = connect(), "revisions"
    dataset = ensure_dataset(client, desk(name), NEWS)
    there = read(client, f"datasets/{dataset.id}")["metadata"]
    assert there == {REVISION: guidelines_revision(dataset)}
    defined = {"World": "Elsewhere, and far away.", "Sports": "Games."}
    changed = ensure_dataset(client, desk(name, **{"labels.topics": defined}), NEWS)
    after = read(client, f"datasets/{dataset.id}")["metadata"]
    assert after[REVISION] == guidelines_revision(changed) != there[REVISION]


@pytest.mark.parametrize("theirs", [{"by": "us"}, {REVISION: "old", "by": "us"}])
def test_what_others_note_is_never_taken_away(
    argilla_service: ArgillaService,
    theirs: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not for a moment either: a load that is killed after any of its calls loses nothing."""
    client, name = connect(), f"revisions-{len(theirs)}"
    dataset = ensure_dataset(client, desk(name), NEWS)
    for metadata in (None, theirs):
        send(client, "PATCH", f"datasets/{dataset.id}", {"metadata": metadata})

    def noted(*given: Any) -> Row:
        answer = send(*given)
        assert read(client, f"datasets/{dataset.id}")["metadata"] == theirs
        return answer

    monkeypatch.setattr("argilla_settings.data_sets.send", noted)
    with caplog.at_level("WARNING"):
        ensure_dataset(client, desk(name), NEWS)
    assert f"people read {guidelines_revision(dataset)}" in caplog.text
    assert "there is 'by' of others" in caplog.text


def test_a_desk_that_did_not_change_sends_nothing(
    argilla_service: ArgillaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect()
    ensure_dataset(client, desk("same"), NEWS)

    def refuse(*given: object, **_: object) -> None:
        raise AssertionError(f"sent {given}")

    monkeypatch.setattr("argilla_settings.question_changes.send", refuse)
    monkeypatch.setattr("argilla_settings.data_sets.send", refuse)
    ensure_dataset(client, desk("same"), NEWS)


def test_what_nobody_must_answer_may_be_asked_no_more(
    argilla_service: ArgillaService, caplog: pytest.LogCaptureFixture
) -> None:
    """It stays in Argilla, which cannot take it away; what the desk changes besides follows."""
    client, name = connect(), "asks-less"
    dataset = ensure_dataset(client, desk(name), NEWS)
    before = questions(desk(name))
    less = desk(name, **{"review.also_ask": {"quality": QUALITY | {"title": "Well written?"}}})
    with caplog.at_level("WARNING"):
        assert ensure_dataset(client, less, NEWS).id == dataset.id
    assert "does not ask 'note' any more; the question stays in 'asks-less'" in caplog.text
    after = questions(less)
    assert after["note"] == before["note"] and after["quality"]["title"] == "Well written?"
    # Asked again it is the same question; another kind of question under its name is not.
    ensure_dataset(client, desk(name), NEWS)
    with pytest.raises(DeskError, match="'note' asked for a text, now for a rating"):
        ensure_dataset(client, desk(name, **{"review.also_ask": {"note": QUALITY}}), NEWS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"labels.topics": {"World": "Elsewhere.", "Health": "Bodies.", "Law": "Courts."}},
            "'topic' loses 'Sports' and gets 'Health', 'Law'",
        ),
        ({"labels.entities": {**ENTITIES, "law": "A law."}}, "'entities' gets 'law'"),
        ({"labels.entities": {}}, "'entities' is asked no more"),
        (
            {"review.also_ask": {"note": NOTE, "quality": QUALITY, "more": NOTE}},
            "'more' is a new question",
        ),
        (
            {"review.also_ask": {"note": QUALITY, "quality": QUALITY}},
            "'note' asked for a text, now for a rating",
        ),
        (
            {"review.also_ask": {"note": NOTE, "quality": QUALITY | {"values": [1, 2]}}},
            "'quality' loses 3",
        ),
    ],
)
def test_what_it_cannot_change_is_all_said_and_nothing_changed(
    argilla_service: ArgillaService, changes: dict[str, Any], said: str
) -> None:
    """Also what it could have changed stays as it is."""
    client, name = connect(), "refused"
    dataset = ensure_dataset(client, desk(name), NEWS)
    log_records(dataset, [to_record(Article("a", "Ada met Obi."), None, blind=False)])
    before, guidelines = questions(desk(name)), dataset.settings.guidelines
    more = {"labels.topics": {"Sports": "Something else.", "World": "Elsewhere."}}
    with pytest.raises(DeskError) as error:
        ensure_dataset(client, desk(name, **(more | changes)), NEWS)
    assert said in str(error.value)
    assert "(1 record, 0 completed)" in str(error.value)
    assert "give the desk a new `name:`" in error.value.next_step
    assert questions(desk(name)) == before
    there = http(client).get(f"/api/v1/datasets/{dataset.id}").json()
    assert there["guidelines"] == guidelines


def test_all_that_differs_is_said_at_once(argilla_service: ArgillaService) -> None:
    client, name = connect(), "refused-twice"
    ensure_dataset(client, desk(name, **{"labels.overlapping": True}), NEWS)
    changed = desk(name, **{"labels.topics": {"World": "Elsewhere.", "Law": "Courts."}})
    with pytest.raises(DeskError, match="must not overlap any more") as error:
        ensure_dataset(client, changed, NEWS)
    assert "'topic' loses 'Sports' and gets 'Law'" in str(error.value)
