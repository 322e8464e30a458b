"""Article → record → Argilla → record → article, and what Argilla would take differently."""

import re
from pathlib import Path
from typing import Any

import pytest

from argilla_settings.connection import connect, http
from argilla_settings.data_sets import ensure_dataset, find_dataset, guidelines_revision
from argilla_settings.news import NEWS, guidelines_text
from argilla_settings.records import list_rows, log_records, to_article, to_record
from argilla_settings.responses import (
    pseudonym,
    pulled_records,
    submit_responses,
    to_response,
)
from argilla_settings.suggestions import (
    from_rest,
    to_agent,
)
from corpus.articles import Article, Prediction, ScoredSpan, Span, content_id
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from tests.running import ArgillaService

TEXTS = [
    "Plain text.",
    "👩‍🚀 before 🇳🇿 Aotearoa 🇳🇿",
    "Cafe\u0301 and café, Łódź, Şule, İzmir",
    "line one\r\nline two\n\nline four\ttab",
    "  leading and trailing blanks  ",
    "مرحبا بالعالم \u200f שלום",
    "zero\u200bwidth nbsp\u00a0here\u2028separator",
    "<b>not bold</b> & \"quoted\" 'single' \\backslash",
]

ARTICLE = Article("a", "Text")


def first_word(text: str) -> ScoredSpan:
    found = re.search(r"\w+", text)
    assert found is not None
    return ScoredSpan(found.start(), found.end(), "event", 0.5)


def desk(name: str, **overrides: Any) -> Desk:
    return read_desk("desk.yaml", {"name": name, "review.min_submitted": 1, **overrides})


@pytest.mark.services
def test_texts_and_spans_survive_the_round_trip(argilla_service: ArgillaService) -> None:
    client = connect()
    dataset = ensure_dataset(client, desk("round-trip"), NEWS)
    articles = [
        Article(content_id(t, "T 👩‍🚀"), t, "T 👩‍🚀", "file.csv", "2031-05-01") for t in TEXTS
    ]
    predictions = {
        a.id: Prediction(
            a.id,
            topic="Sci/Tech",
            topic_score=0.75,
            topic_agent="copydesk/x@main",
            spans=(first_word(a.text),),
            spans_agent="copydesk/y:abc",
        )
        for a in articles
    }
    log_records(dataset, [to_record(a, predictions[a.id], blind=False) for a in articles])
    log_records(dataset, [to_record(a, predictions[a.id], blind=False) for a in articles])
    questions = {str(q.id): q.name for q in dataset.settings.questions}
    rows = {row["external_id"]: row for row in list_rows(client, dataset, ("suggestions",))}
    assert len(rows) == len(articles)
    for article in articles:
        assert to_article(rows[article.id]) == article
        shown = from_rest(article, rows[article.id]["suggestions"], questions)
        assert shown.spans == predictions[article.id].spans
        assert (shown.topic, shown.topic_score) == ("Sci/Tech", 0.75)
        assert shown.topic_agent == "copydesk/x_main"


@pytest.mark.services
def test_answers_come_back_with_times_and_what_was_shown(argilla_service: ArgillaService) -> None:
    client = connect()
    settings = desk("answers")
    dataset = ensure_dataset(client, settings, NEWS)
    article = Article(content_id("🚀 Ada Obi"), "🚀 Ada Obi")
    log_records(dataset, [to_record(article, None, blind=True)])
    (row,) = list_rows(client, dataset)
    annotator = connect(api_key=argilla_service.credentials["annotator-2"]["api_key"], manage=False)
    value = [{"start": 2, "end": 9, "label": "person"}]
    values = {"topic": {"value": "World"}, "entities": {"value": value}}
    submit_responses(annotator, [{"record_id": row["id"], "values": values}])
    rows = list_rows(client, dataset, ("responses", "suggestions"))
    (pulled,) = pulled_records(rows, dataset, settings)
    (entry,) = pulled.entries
    assert entry.response.spans == (Span(2, 9, "person"),)
    assert entry.response.answered_at.tzinfo is not None
    assert entry.blind
    assert entry.suggested_topic is None
    assert entry.guidelines == guidelines_revision(dataset)
    assert re.fullmatch("annotator-[0-9a-f]{8}", entry.response.annotator)
    assert entry.response.annotator != pseudonym("annotator-2", settings)


def test_values_of_a_discard_are_ignored_and_missing_ones_survive() -> None:
    answer = {
        "status": "discarded",
        "values": {"topic": {"value": "World"}},
        "user_id": "u",
        "updated_at": "2031-05-01T12:00:00",
    }
    assert to_response(answer, ARTICLE, desk("round-trip")).topic is None
    draft = to_response({**answer, "status": "draft", "values": None}, ARTICLE, desk("round-trip"))
    assert (draft.topic, draft.spans) == (None, None)
    untouched = to_response({**answer, "status": "submitted"}, ARTICLE, desk("round-trip"))
    assert (untouched.topic, untouched.spans) == ("World", ())


def test_agents_keep_to_what_argilla_accepts() -> None:
    assert to_agent("org/model:abc123") == "org/model:abc123"
    assert to_agent("org/model@é") == "org/model__"
    assert len(to_agent("x" * 500)) == 200


@pytest.mark.services
def test_other_labels_than_argilla_has_are_refused(argilla_service: ArgillaService) -> None:
    client = connect()
    ensure_dataset(client, desk("labels"), NEWS)
    changed = desk("labels", **{"labels.topics": {"World": "w", "Weather": "x"}})
    with pytest.raises(DeskError, match=r"'topic' loses 'Business', .* and gets 'Weather'"):
        ensure_dataset(client, changed, NEWS)
    assert find_dataset(client, desk("never-made")) is None
    assert find_dataset(client, desk("never-made", workspace="tpyo")) is None
    assert client.workspaces("tpyo") is None


@pytest.mark.services
@pytest.mark.parametrize("types", [["person"], ["person", "place"], list("abcdefghijkl")])
def test_any_number_of_entity_types(argilla_service: ArgillaService, types: list[str]) -> None:
    settings = desk(f"types-{len(types)}", **{"labels.entities": dict.fromkeys(types, "x")})
    question = ensure_dataset(connect(), settings, NEWS).settings.questions["entities"]
    assert list(question.labels) == types


@pytest.mark.services
def test_guidelines_and_the_number_of_answers_follow_the_desk(
    argilla_service: ArgillaService, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect()
    ensure_dataset(client, desk("overlap"), NEWS)
    dataset = ensure_dataset(client, desk("overlap", **{"review.min_submitted": 2}), NEWS)
    assert find_dataset(client, desk("overlap")).settings.distribution.min_submitted == 2  # type: ignore[union-attr]
    log_records(dataset, [to_record(ARTICLE, None, blind=True)])
    (row,) = list_rows(client, dataset)
    submit_responses(client, [{"record_id": row["id"], "values": {"topic": {"value": "World"}}}])
    changed = desk("overlap", **{"review.min_submitted": 3, "review.guidelines": "topics.md"})
    ensure_dataset(client, changed, NEWS)
    found = find_dataset(client, changed)
    assert found is not None
    assert found.settings.distribution.min_submitted == 3
    assert found.settings.guidelines == guidelines_text(changed)
    caplog.clear()
    ensure_dataset(client, changed, NEWS)
    assert caplog.messages == []


@pytest.mark.services
def test_a_draft_of_somebody_else_is_not_deleted(argilla_service: ArgillaService) -> None:
    client = connect()
    workspace = client.workspaces("copydesk")
    theirs = {"name": "drafted", "workspace_id": str(workspace.id), "guidelines": "Ours."}
    answer = http(client).post("/api/v1/datasets", json=theirs)
    answer.raise_for_status()
    with pytest.raises(DeskError, match="that Copydesk did not make"):
        ensure_dataset(client, desk("drafted"), NEWS)
    # One that a killed load of this desk left behind is finished by the next.
    mine = {**theirs, "name": "killed", "guidelines": guidelines_text(desk("killed"))}
    http(client).post("/api/v1/datasets", json=mine).raise_for_status()
    assert ensure_dataset(client, desk("killed"), NEWS)._model.status == "ready"


@pytest.mark.services
def test_an_annotators_key_may_not_manage(argilla_service: ArgillaService) -> None:
    key = argilla_service.credentials["annotator-1"]["api_key"]
    with pytest.raises(DeskError, match="'annotator-1' is annotator's") as error:
        connect(api_key=key)
    assert key not in str(error.value)


@pytest.mark.services
def test_wrong_key_and_unreachable_server(argilla_service: ArgillaService) -> None:
    with pytest.raises(DeskError, match="refuses the API key") as error:
        connect(api_key="wrong-secret")
    assert "wrong-secret" not in str(error.value)
    with pytest.raises(DeskError, match="does not answer"):
        connect(api_url="http://127.0.0.1:9")
    with pytest.raises(DeskError, match="is not an Argilla 2 server"):
        connect(api_url=argilla_service.api_url + "/datasets")


def test_guidelines_speak_of_what_is_asked() -> None:
    both = guidelines_text(desk("both"))
    topics = guidelines_text(desk("topics", **{"labels.entities": {}}))
    entities = guidelines_text(desk("entities", **{"labels.topics": {}}))
    assert "**World**" in both and "**person**" in both
    assert "**World**" in topics and "mention" not in topics
    assert "**person**" in entities and "the **one** topic" not in entities


def test_guidelines_that_argilla_would_refuse(tmp_path: Path) -> None:
    long = tmp_path / "long.md"
    long.write_text("x" * 10_001, encoding="utf-8")
    with pytest.raises(DeskError, match="10001 characters"):
        guidelines_text(desk("guidelines", **{"review.guidelines": str(long)}))
    with pytest.raises(DeskError, match="neither a file"):
        guidelines_text(desk("guidelines", **{"review.guidelines": "none.md"}))
    odd = tmp_path / "odd.md"
    odd.write_bytes(b"caf\xe9")
    with pytest.raises(DeskError, match="are not UTF-8"):
        guidelines_text(desk("guidelines", **{"review.guidelines": str(odd)}))


def test_white_space_at_the_edges_of_a_marked_span_is_left_out() -> None:
    marked = [(5, 10), (10, 13), (14, 15)]
    answer = {
        "user_id": "u",
        "status": "submitted",
        "updated_at": "2026-01-01T00:00:00",
        "values": {
            "entities": {"value": [{"start": s, "end": e, "label": "person"} for s, e in marked]}
        },
    }
    found = to_response(answer, Article("a", "with Ada\n Obi. "), desk("edges"))
    assert found.spans == (Span(5, 8, "person"), Span(10, 13, "person"))


def test_further_answers_do_not_depend_on_what_the_desk_asks_now() -> None:
    """Else every answer would count as edited once a question changes its place in the desk."""
    asked = {name: {"type": "text", "title": name} for name in ("note", "why")}
    values = {"why": {"value": "spam"}, "note": {"value": "odd"}, "quality": {"value": 0}}
    answer = {
        "user_id": "u",
        "updated_at": "2031-05-01T12:00:00.000000",
        "status": "discarded",
        "values": {**values, "topic": {"value": "World"}, "blank": {"value": "  "}},
    }
    turned = dict(reversed(asked.items()))
    desks = [desk("further", **{"review.also_ask": a}) for a in (asked, turned, {})]
    found = {to_response(answer, ARTICLE, about).also for about in desks}
    assert found == {(("note", "odd"), ("quality", 0), ("why", "spam"))}
