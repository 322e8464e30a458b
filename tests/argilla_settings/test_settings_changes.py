"""A data set under the desk's name that somebody else made: completed, or refused as a whole."""

from typing import Any

import argilla as rg
import pytest

from argilla_settings.adjudication import ADJUDICATION, adjudication_name, adjudication_settings
from argilla_settings.connection import connect
from argilla_settings.data_sets import DatasetKind, ensure_dataset
from argilla_settings.news import NEWS, news_settings
from argilla_settings.records import list_rows, log_records, to_record
from argilla_settings.rest import Row, read, read_items
from corpus.articles import Article
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from tests.running import ArgillaService

pytestmark = pytest.mark.services


def desk(name: str) -> Desk:
    keys = {
        "labels.topics": {"World": "Elsewhere.", "Sports": "Games."},
        "labels.entities": {"person": "A human being.", "event": "What happens."},
        "source.topic_values": {},
        "source.entity_values": {},
    }
    return read_desk("desk.yaml", {"name": name, **keys})


def theirs(about: Desk, kind: DatasetKind = NEWS, **parts: Any) -> rg.Dataset:
    """As the desk wants it, but for these parts and the guidelines."""
    client = connect()
    settings = (adjudication_settings if kind is ADJUDICATION else news_settings)(about, client)
    wanted = {part: list(getattr(settings, part)) for part in ("fields", "questions", "metadata")}
    made = rg.Settings(guidelines="Ours.", **(wanted | parts))
    place = client.workspaces(about.workspace)
    return rg.Dataset(kind.name(about), place, settings=made, client=client).create()


def parts_of(dataset: rg.Dataset) -> dict[str, list[Row]]:
    kinds = ("fields", "questions", "metadata-properties")
    found = {k: read_items(connect(), f"{'me/' * (k == kinds[2])}datasets/{dataset.id}/{k}")
             for k in kinds}  # fmt: skip
    return found | {"itself": [read(connect(), f"datasets/{dataset.id}")]}


def field(name: str, **more: Any) -> rg.TextField:
    return rg.TextField(name=name, client=connect(), **more)


def refused(about: Desk, dataset: rg.Dataset, kind: DatasetKind = NEWS) -> str:
    """Why the data set is not taken for the desk's; nothing of it was changed."""
    before = parts_of(dataset)
    with pytest.raises(DeskError) as error:
        ensure_dataset(connect(), about, kind)
    assert parts_of(dataset) == before and before["itself"][0]["guidelines"] == "Ours."
    assert "give the desk a new `name:`" in error.value.next_step
    return str(error.value)


def test_missing_metadata_are_added(argilla_service: ArgillaService) -> None:
    about = desk("theirs-plain")
    dataset = theirs(about, metadata=[], fields=[field("title"), field("text"), field("more",
                     required=False)])  # fmt: skip
    ensured = ensure_dataset(connect(), about, NEWS)
    assert ensured.id == dataset.id
    article = Article("a", "Ada met Obi.", title="T", source="wire")
    log_records(ensured, [to_record(article, None, blind=False, place=0.5)])
    (row,) = list_rows(connect(), ensured)
    assert row["metadata"]["source"] == "wire" and row["metadata"]["priority"] == 0.5
    wanted = {item.name for item in news_settings(about, connect()).metadata}
    assert {row["name"] for row in parts_of(dataset)["metadata-properties"]} == wanted


def test_other_fields_are_all_named(argilla_service: ArgillaService) -> None:
    about = desk("theirs-fields")
    fields = [rg.ImageField(name="title"), field("body", required=True)]
    questions = [q for q in news_settings(about, connect()).questions if q.name == "topic"]
    said = refused(about, theirs(about, fields=fields, questions=questions))
    for part in (
        "it has no field 'text'", "its field 'title' is of type image, not text",
        "its field 'body', which must not be empty, is none of the desk's",
        "'entities' is a new question",
    ):  # fmt: skip
        assert part in said


def test_spans_of_another_field_are_refused(argilla_service: ArgillaService) -> None:
    about, client = desk("theirs-spans"), connect()
    questions = list(news_settings(about, client).questions)
    for question in questions:
        if question.name == "entities":
            question._model.settings.field = "title"
    said = refused(about, theirs(about, questions=questions))
    assert "spans of 'entities' are marked in the field 'title'" in said


def test_what_must_be_answered_and_is_not_the_desks_is_refused(
    argilla_service: ArgillaService,
) -> None:
    about, client = desk("theirs-asks"), connect()
    more = rg.TextQuestion(name="why", required=True, client=client)
    said = refused(about, theirs(about, questions=[*news_settings(about, client).questions, more]))
    assert "'why' is asked no more" in said


def test_metadata_of_another_kind_are_refused(argilla_service: ArgillaService) -> None:
    about, client = desk("theirs-metadata"), connect()
    metadata = [
        rg.IntegerMetadataProperty(name="source", client=client),
        rg.TermsMetadataProperty(name="blind", options=["maybe"], client=client),
    ]
    blind = rg.TextQuestion(name="uncertainty", required=False, client=client)
    questions = [*news_settings(about, client).questions, blind]
    said = refused(about, theirs(about, metadata=metadata, questions=questions))
    for part in (
        "its metadata 'source' are of type integer, not terms",
        "its metadata 'blind' take only 'maybe'",
        "its 'uncertainty' is a field or a question, not metadata",
    ):
        assert part in said


def test_a_data_set_for_adjudicators_is_compared_too(argilla_service: ArgillaService) -> None:
    about = desk("theirs-decided")
    dataset = theirs(about, ADJUDICATION, fields=[field("text"), field("answers")], metadata=[])
    assert dataset.name == adjudication_name(about)
    assert "it has no field 'title'" in refused(about, dataset, ADJUDICATION)
