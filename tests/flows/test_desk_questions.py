"""What else a desk asks, overlapping entities, and records found by what is similar: from Argilla
into the ledger and its report.
"""

from pathlib import Path
from typing import Any

import argilla as rg
import numpy as np
import pytest

from argilla_settings.connection import connect, http
from argilla_settings.data_sets import require_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import list_rows
from argilla_settings.rest import Row, read_items, send
from argilla_settings.vectors import MEANING, UNFINISHED, vector_title
from corpus.articles import Span
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.report.measure import read_report
from corpus.review_state import open_ledger, resolve_ledger
from corpus.statements import current_statements
from flows.load_news import LoadNews, load_news
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.flows.texts_desk import texts_desk
from tests.running import ArgillaService

pytestmark = pytest.mark.services

NOTE, RATING = "note", "writing"
TEXTS = [
    "The Ada Obi Prize went to Noor Haddad in Lisbon.",
    "Lisbon gave the Ada Obi Prize to nobody this year.",
    "Shares of Harbour Steel fell after the strike ended.",
    "The strike at Harbour Steel ended and its shares fell.",
    "Rain stopped the final of the cup before the last goal.",
    "Buy now buy now buy now!",
]


def knobs(folder: Path, name: str, **more: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "labels.overlapping": True,
        "review.min_submitted": 1,
        "review.also_ask": {
            NOTE: {"type": "text", "title": "Anything to say?"},
            RATING: {"type": "rating", "title": "How well is it written?", "values": [0, 1, 2]},
        },
    }
    return texts_desk(folder, name, TEXTS, **asked | more)


def records(desk: Desk) -> tuple[rg.Dataset, dict[str, Row]]:
    client = connect()
    dataset = require_dataset(client, desk, NEWS)
    rows = list_rows(client, dataset, ("responses", "vectors"))
    return dataset, {row["fields"]["text"]: row for row in rows}


def answer(service: ArgillaService, person: str, row: Row, status: str, **values: Any) -> None:
    client = connect(api_key=service.credentials[person]["api_key"], manage=False)
    body = {"values": {k: {"value": v} for k, v in values.items()}, "status": status}
    sent = http(client).post(f"/api/v1/records/{row['id']}/responses", json=body)
    assert sent.is_success, sent.text


def similar(dataset: rg.Dataset, row: Row) -> list[str]:
    """As the UI asks for it."""
    vector = {"name": MEANING, "record_id": row["id"], "max_results": 3, "order": "most_similar"}
    found = http(connect()).post(
        f"/api/v1/me/datasets/{dataset.id}/records/search",
        params={"limit": 10},
        json={"query": {"vector": vector}},
    )
    assert found.is_success, found.text
    return [item["record"]["fields"]["text"] for item in found.json()["items"]]


def test_answers_to_further_questions_reach_ledger_and_report(
    argilla_service: ArgillaService, tmp_path: Path
) -> None:
    overrides = knobs(tmp_path, "asked-besides-flow")
    load_news(LoadNews(overrides=overrides))
    desk = read_desk("desk.yaml", overrides)
    _, rows = records(desk)
    prize = rows[TEXTS[0]]
    spans = [
        {"start": 4, "end": 11, "label": "person"},
        {"start": 4, "end": 17, "label": "event"},
        {"start": 26, "end": 37, "label": "person"},
    ]
    answer(
        argilla_service, "annotator-1", prize, "submitted",
        topic="World", entities=spans, **{NOTE: " A prize named after a person. ", RATING: 0},
    )  # fmt: skip
    answer(argilla_service, "annotator-1", rows[TEXTS[2]], "submitted", topic="Business")
    answer(
        argilla_service, "annotator-1", rows[TEXTS[5]], "discarded",
        topic="World", **{NOTE: "An advertisement"},
    )  # fmt: skip
    pull_reviewed(PullReviewed(overrides=overrides))
    ledger = open_ledger(desk)
    said = {
        e.response.article_id: e.response for e in current_statements(ledger.entries()).values()
    }
    first = said[prize["external_id"]]
    assert first.also == ((NOTE, " A prize named after a person. "), (RATING, 0))
    assert first.spans == (Span(4, 11, "person"), Span(4, 17, "event"), Span(26, 37, "person"))
    assert said[rows[TEXTS[2]]["external_id"]].also == ()
    gone = said[rows[TEXTS[5]]["external_id"]]
    assert (gone.status, gone.topic, gone.also) == (
        "discarded",
        None,
        ((NOTE, "An advertisement"),),
    )
    gold = {r.article.id: r for r in resolve_ledger(desk, ledger).gold.reviewed}
    assert gold[prize["external_id"]].spans == first.spans

    report = read_report(desk, ledger)
    note, rating = report.asked
    assert (note.name, note.answers, note.given) == (NOTE, 2, 3)
    assert {(t.text, t.discarded) for t in note.texts} == {
        ("A prize named after a person.", False),
        ("An advertisement", True),
    }
    assert [(r.value, r.answers) for r in rating.ratings] == [(0, 1), (1, 0), (2, 0)]
    assert report.discards.with_text == 1
    assert report.discards.articles[0].written == ("An advertisement",)


def test_similar_records_are_found(argilla_service: ArgillaService, tmp_path: Path) -> None:
    overrides = knobs(tmp_path, "similar-flow")
    load_news(LoadNews(overrides=overrides))
    dataset, rows = records(read_desk("desk.yaml", overrides))
    for one, other in ((TEXTS[0], TEXTS[1]), (TEXTS[2], TEXTS[3])):
        assert similar(dataset, rows[one])[0] == other
    (field,) = read_items(connect(), f"datasets/{dataset.id}/vectors-settings")
    vectors = np.array([row["vectors"][MEANING] for row in rows.values()])
    assert vectors.shape == (len(TEXTS), field["dimensions"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert UNFINISHED not in field["title"]


def test_records_from_before_get_their_vectors_and_keep_the_rest(
    argilla_service: ArgillaService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the first load that gives them was killed half-way, and after another encoder."""
    overrides = knobs(tmp_path, "similar-later", **{"review.find_similar": False})
    load_news(LoadNews(overrides=overrides, limit=4))
    desk = read_desk("desk.yaml", overrides)
    dataset, rows = records(desk)
    assert not any(row["vectors"] for row in rows.values())
    answer(argilla_service, "annotator-1", rows[TEXTS[0]], "submitted", topic="World")
    before = {text: row["metadata"] for text, row in records(desk)[1].items()}

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    wanted = overrides | {"review.find_similar": True}
    with monkeypatch.context() as broken:
        broken.setattr("flows.similar.set_vectors", killed)
        with pytest.raises(KeyboardInterrupt):
            load_news.fn(LoadNews(overrides=wanted))
    assert len(records(desk)[1]) == 4
    load_news(LoadNews(overrides=wanted))
    _, after = records(desk)
    assert len(after) == len(TEXTS)
    assert all(len(row["vectors"][MEANING]) for row in after.values())
    assert {text: after[text]["metadata"] for text in before} == before
    assert len(after[TEXTS[0]]["responses"]) == 1
    assert similar(dataset, after[TEXTS[0]])[0] == TEXTS[1]

    (field,) = read_items(connect(), f"datasets/{dataset.id}/vectors-settings")
    send(connect(), "PATCH", f"vectors-settings/{field['id']}", {"title": vector_title("other")})
    load_news(LoadNews(overrides=wanted))
    (new,) = read_items(connect(), f"datasets/{dataset.id}/vectors-settings")
    assert new["id"] != field["id"] and new["title"] == field["title"]
    assert all(len(row["vectors"][MEANING]) for row in records(desk)[1].values())


def test_a_question_less_stays_in_argilla_and_its_answers_in_the_ledger(
    argilla_service: ArgillaService, tmp_path: Path
) -> None:
    overrides = knobs(tmp_path, "asked-less")
    load_news(LoadNews(overrides=overrides, limit=2))
    desk = read_desk("desk.yaml", overrides)
    _, rows = records(desk)
    answer(argilla_service, "annotator-1", rows[TEXTS[0]], "submitted",
           topic="World", **{NOTE: "First."})  # fmt: skip
    less = overrides | {"review.also_ask": {}}
    load_news(LoadNews(overrides=less))
    assert len(records(desk)[1]) == len(TEXTS)
    answer(argilla_service, "annotator-1", rows[TEXTS[1]], "submitted",
           topic="World", **{NOTE: "Second."})  # fmt: skip
    assert len(pull_reviewed(PullReviewed(overrides=less)).gold.reviewed) == 2
    said = [entry.response.also for entry in open_ledger(desk).entries()]
    assert sorted(said) == [((NOTE, "First."),), ((NOTE, "Second."),)]


def test_a_load_with_other_labels_loads_nothing_and_says_what_to_do(
    argilla_service: ArgillaService, tmp_path: Path
) -> None:
    """Word for word: a pull with the desk as it was, then another name."""
    overrides = knobs(tmp_path, "asked-otherwise")
    load_news(LoadNews(overrides=overrides, limit=2))
    desk = read_desk("desk.yaml", overrides)
    _, rows = records(desk)
    answer(argilla_service, "annotator-1", rows[TEXTS[0]], "submitted", topic="World")
    other = {"labels.topics": {"Sports": "Games.", "Elsewhere": "All else."}}
    other |= {"source.topic_values": {}}
    with pytest.raises(DeskError, match="'topic' loses") as error:
        load_news(LoadNews(overrides=overrides | other))
    assert len(records(desk)[1]) == 2
    assert "with the desk as it was, run copydesk pull" in error.value.next_step
    # With the changed desk a pull takes the answers in, and resolves none of them.
    with pytest.raises(DeskError, match="reviewed with labels that it no longer has"):
        pull_reviewed(PullReviewed(overrides=overrides | other))
    pull_reviewed(PullReviewed(overrides=overrides))
    (entry,) = open_ledger(desk).entries()
    assert entry.response.topic == "World"
    renamed = knobs(tmp_path, "asked-otherwise-2", **other)
    load_news(LoadNews(overrides=renamed))
    assert len(records(read_desk("desk.yaml", renamed))[1]) == len(TEXTS)
    _, rows = records(desk)
    assert len(rows) == 2 and len(rows[TEXTS[0]]["responses"]) == 1
