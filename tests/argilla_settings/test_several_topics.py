"""Several topics in the real Argilla: the question, its answers and suggestions, its refusals."""

from typing import Any

import argilla as rg
import pytest

from argilla_settings.adjudication import ADJUDICATION
from argilla_settings.adjudication_records import load_tallies
from argilla_settings.connection import connect
from argilla_settings.data_sets import ensure_dataset
from argilla_settings.news import NEWS, guidelines_text
from argilla_settings.records import list_rows, log_records, to_record
from argilla_settings.responses import PulledRecord, pulled_records, submit_responses
from argilla_settings.rest import send
from corpus.adjudication import Tally
from corpus.articles import Article, Prediction, ScoredTopic, Span, content_id
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from tests.running import ArgillaService

pytestmark = pytest.mark.services


def desk(name: str, **overrides: Any) -> Desk:
    return read_desk("desk.yaml", {"name": name, "labels.several_topics": True, **overrides})


def article(text: str) -> Article:
    return Article(content_id(text), text)


def answered(client: rg.Argilla, dataset: rg.Dataset, about: Desk) -> list[PulledRecord]:
    rows = list_rows(client, dataset, ("responses", "suggestions"))
    return list(pulled_records(rows, dataset, about))


def test_a_desk_of_topics_alone_wants_one_at_least(argilla_service: ArgillaService) -> None:
    about, client = desk("sets-alone", **{"labels.entities": {}}), connect()
    dataset = ensure_dataset(client, about, NEWS)
    assert dataset.settings.questions["topic"].required
    assert "If none fits,\ndiscard the record" in guidelines_text(about)
    log_records(dataset, [to_record(article("One."), None, blind=False)])
    (row,) = list_rows(client, dataset)
    for values in ({}, {"topic": {"value": []}}):
        with pytest.raises(DeskError, match="Argilla refused 1 answers"):
            submit_responses(client, [{"record_id": row["id"], "values": values}])
    given = {"topic": {"value": ["World", "Business"]}}
    submit_responses(client, [{"record_id": row["id"], "values": given}])
    (pulled,) = answered(client, dataset, about)
    response = pulled.entries[0].response
    assert (response.topic, response.topics) == (None, ("Business", "World"))


def test_a_desk_of_both_takes_none_for_an_answer(argilla_service: ArgillaService) -> None:
    about, client = desk("sets-both"), connect()
    dataset = ensure_dataset(client, about, NEWS)
    assert "choose none and submit" in guidelines_text(about)
    log_records(dataset, [to_record(article(t), None, blind=True) for t in ("One.", "Two.")])
    one, two = list_rows(client, dataset)
    nothing = {"entities": {"value": []}}
    submit_responses(client, [{"record_id": one["id"], "values": nothing}])
    with pytest.raises(DeskError, match="Argilla refused 1 answers"):
        submit_responses(client, [{"record_id": two["id"], "values": {}}])
    (pulled,) = answered(client, dataset, about)
    assert (pulled.entries[0].response.topics, pulled.entries[0].response.spans) == ((), ())


def test_suggestions_with_scores_without_and_none_at_all(argilla_service: ArgillaService) -> None:
    about, client = desk("sets-shown"), connect()
    dataset = ensure_dataset(client, about, NEWS)
    scored = (ScoredTopic("World", 0.81234), ScoredTopic("Sports", 0.5))
    plain = (ScoredTopic("Business", None), ScoredTopic("World", None))
    shown = {"One.": scored, "Two.": plain, "Three.": ()}
    records = [
        to_record(
            article(text),
            Prediction("x", topic_agent="m:1", topics=topics, uncertainty=0.25),
            blind=False,
        )
        for text, topics in shown.items()
    ]
    log_records(dataset, records)
    rows = list(list_rows(client, dataset))
    assert {row["metadata"]["uncertainty"] for row in rows} == {0.25}
    predicted = {row["fields"]["text"]: row["metadata"].get("topic_predicted") for row in rows}
    assert predicted == {"One.": ["World", "Sports"], "Two.": ["Business", "World"], "Three.": None}
    empty = {"entities": {"value": []}}
    submit_responses(client, [{"record_id": row["id"], "values": empty} for row in rows])
    found = {
        record.article.text: record.entries[0].suggested_topics
        for record in answered(client, dataset, about)
    }
    rounded = (ScoredTopic("World", 0.8123), ScoredTopic("Sports", 0.5))
    assert found == {"One.": rounded, "Two.": plain, "Three.": None}


def test_a_question_of_the_other_kind_is_refused(argilla_service: ArgillaService) -> None:
    client, one = connect(), read_desk("desk.yaml", {"name": "sets-switched"})
    ensure_dataset(client, one, NEWS)
    ensure_dataset(client, one, ADJUDICATION)
    several = desk("sets-switched")
    for kind in (NEWS, ADJUDICATION):
        with pytest.raises(DeskError, match="'topic' asked for one label, now for several"):
            ensure_dataset(client, several, kind)
    # As before for what it was made for.
    assert ensure_dataset(client, one, NEWS).name == "sets-switched"


def test_what_most_answers_have_no_more_is_not_suggested_any_longer(
    argilla_service: ArgillaService,
) -> None:
    """An upsert alone leaves the topic of before. A suggestion of somebody else stays."""
    about, client = desk("sets-tied"), connect()
    dataset = ensure_dataset(client, about, ADJUDICATION)
    shown, ada = article("Ada met Obi."), Span(0, 3, "person")

    def told(chose: int, topics: dict[str, int], marks: dict[Span, int]) -> dict[str, Any]:
        tally = Tally(shown, False, chose, chose, topics, marks, None, None, several=True)
        load_tallies(client, dataset, {shown.id: tally}, set())
        again = load_tallies(client, dataset, {shown.id: tally}, set())
        assert (again.new, again.told, again.marked) == (0, 0, 0)
        (row,) = list_rows(client, dataset, ("suggestions",))
        names = {str(question.id): question.name for question in dataset.settings.questions}
        return {names[s["question_id"]]: s["value"] for s in row["suggestions"]}

    span = {"start": 0, "end": 3, "label": "person"}
    assert told(3, {"Sports": 2}, {ada: 2}) == {"topic": ["Sports"], "entities": [span]}
    assert told(5, {"Sports": 2}, {ada: 2}) == {"entities": []}
    assert told(5, {"Sports": 3}, {ada: 3}) == {"topic": ["Sports"], "entities": [span]}
    (row,) = list_rows(client, dataset)
    question = dataset.settings.questions["topic"].id
    theirs = {
        "question_id": str(question),
        "value": ["World"],
        "agent": "somebody",
        "type": "model",
    }
    send(client, "PUT", f"records/{row['id']}/suggestions", theirs)
    assert told(7, {"Sports": 3}, {ada: 3}) == {"topic": ["World"], "entities": []}
