"""The order of review in the real Argilla: places at loading and after, answers as they were."""

from dataclasses import replace
from typing import Any

import argilla as rg
import pytest

from argilla_settings.connection import connect, http
from argilla_settings.data_sets import require_dataset
from argilla_settings.news import NEWS
from argilla_settings.priority import queue_url, read_pool, set_places
from argilla_settings.records import PRIORITY, list_rows
from argilla_settings.responses import submit_responses
from corpus.articles import Article, Prediction, ScoredSpan
from corpus.desk import read_desk
from corpus.order.queue import place_of_blind
from flows.desk_run import DeskRun
from flows.load_news import LoadNews, load_news
from flows.ordering import order_articles
from flows.prioritise import prioritise
from tests.flows.chain import settings
from tests.running import ArgillaService
from tests.warm_command import WarmCommand

KNOBS: dict[str, Any] = {
    "name": "queue-test",
    "review.blind_share": 0.3,
    "review.order": {"uncertainty": 2, "diversity": 1, "random": 1},
    "models.topics.max_length_tokens": 32,
    "publish.topic_model": "copydesk/queue-test-topics",
    "publish.entity_model": "copydesk/queue-test-entities",
}
ARTICLES = 24


def records(client: rg.Argilla, dataset: rg.Dataset) -> dict[str, dict[str, Any]]:
    rows = list_rows(client, dataset, ("responses", "suggestions"))
    return {row["external_id"]: row for row in rows}


def place_of(row: dict[str, Any]) -> float:
    return float(row["metadata"][PRIORITY])


def without_places(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        i: (row["responses"], row["suggestions"], row["status"], row["fields"],
            {k: v for k, v in row["metadata"].items() if k != PRIORITY})
        for i, row in rows.items()
    }  # fmt: skip


def queue_of(annotator: rg.Argilla, dataset: rg.Dataset) -> list[str]:
    """As the UI asks for it once a person sorts by priority."""
    scope = {"entity": "metadata", "metadata_property": PRIORITY}
    pending = {"scope": {"entity": "response", "property": "status"}, "values": ["pending"]}
    body = {
        "query": {},
        "filters": {"type": "and", "and": [{"type": "terms", **pending}]},
        "sort": [{"scope": scope, "order": "asc"}],
    }
    found = http(annotator).post(
        f"/api/v1/me/datasets/{dataset.id}/records/search", params={"limit": 100}, json=body
    )
    assert found.is_success, found.text
    return [item["record"]["external_id"] for item in found.json()["items"]]


@pytest.mark.services
def test_the_queue_of_an_annotator_follows_the_desk(
    argilla_service: ArgillaService, warm: WarmCommand
) -> None:
    loaded = load_news(LoadNews(overrides=KNOBS, limit=ARTICLES))
    client, desk = connect(), read_desk("desk.yaml", KNOBS)
    dataset = require_dataset(client, desk, NEWS)
    annotator = connect(api_key=argilla_service.credentials["annotator-2"]["api_key"], manage=False)
    first = records(client, dataset)
    blind = {i for i, row in first.items() if row["metadata"]["blind"] == "yes"}
    assert len(first) == ARTICLES
    assert len(blind) == loaded.blind > 0
    # Each record has its place, and the search engine sorts by it.
    by_place = sorted(first, key=lambda i: place_of(first[i]))
    assert queue_of(annotator, dataset) == by_place
    assert {i: place_of(first[i]) for i in blind} == {i: place_of_blind(i, 13) for i in blind}
    shown = [i for i in by_place if i not in blind]
    least_sure = max(shown, key=lambda i: first[i]["metadata"]["uncertainty"])
    assert shown[0] == least_sure
    # The same models and articles make the same order.
    assert prioritise(DeskRun(overrides=KNOBS)).changed == 0

    answered, drafted = shown[0], shown[1]
    values = {"topic": {"value": "World"}, "entities": {"value": []}}
    submit_responses(annotator, [{"record_id": first[answered]["id"], "values": values}])
    draft = {"values": {"topic": {"value": "Sports"}}, "status": "draft"}
    http(annotator).post(
        f"/api/v1/records/{first[drafted]['id']}/responses", json=draft
    ).raise_for_status()
    before = records(client, dataset)
    found = prioritise(DeskRun(overrides=KNOBS))
    after = records(client, dataset)
    assert found.waiting == ARTICLES - 2
    assert found.url == queue_url(client, dataset)
    assert without_places(after) == without_places(before)
    changed = {i for i in after if place_of(after[i]) != place_of(before[i])}
    assert len(changed) == found.changed > 0
    assert not changed & ({answered, drafted} | blind)
    wanted = sorted(after, key=lambda i: place_of(after[i]))
    assert queue_of(annotator, dataset) == [i for i in wanted if i not in (answered, drafted)]
    assert prioritise(DeskRun(overrides=KNOBS)).changed == 0
    assert records(client, dataset) == after

    # Another strategy is one command away.
    done = warm("prioritise", *settings({"name": KNOBS["name"], "review.order": "random",
                                         "review.blind_share": 0.3}))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"of {ARTICLES - 2} waiting articles have another place: http" in done.stdout
    lots = records(client, dataset)
    waiting = sorted((i for i in lots if not lots[i]["responses"]), key=lambda i: place_of(lots[i]))
    drawn = [i for i in waiting if i not in blind]
    assert drawn == sorted(drawn, key=lambda i: place_of_blind(i, 13))


@pytest.mark.services
def test_a_data_set_from_before_gets_the_property_and_late_answers_keep_their_place(
    argilla_service: ArgillaService,
) -> None:
    knobs = {**KNOBS, "name": "queue-before", "review.order": "random"}
    load_news(LoadNews(overrides=knobs, limit=4))
    client, desk = connect(), read_desk("desk.yaml", knobs)
    dataset = require_dataset(client, desk, NEWS)
    (old,) = [item for item in dataset.settings.metadata if item.name == PRIORITY]
    http(client).delete(f"/api/v1/metadata-properties/{old.id}").raise_for_status()
    dataset = require_dataset(client, desk, NEWS)
    assert PRIORITY not in {item.name for item in dataset.settings.metadata}
    pool = read_pool(client, dataset)
    assert (len(pool.waiting), pool.answered) == (4, ())
    # Somebody answers while models are asked.
    late = pool.waiting[0].id
    rows = records(client, dataset)
    annotator = connect(api_key=argilla_service.credentials["annotator-2"]["api_key"], manage=False)
    values = {"topic": {"value": "World"}, "entities": {"value": []}}
    submit_responses(annotator, [{"record_id": rows[late]["id"], "values": values}])
    assert set_places(client, dataset, {a.id: 0.25 for a in pool.waiting}) == 3
    dataset = require_dataset(client, desk, NEWS)
    assert PRIORITY in {item.name for item in dataset.settings.metadata}
    after = records(client, dataset)
    assert after[late]["metadata"] == rows[late]["metadata"]
    assert {place_of(after[i]) for i in after if i != late} == {0.25}
    # A load of more adapts it, too, and finds nothing to add.
    load_news(LoadNews(overrides=knobs, limit=6))
    assert len(records(client, dataset)) == 6


def test_places_of_blind_articles_do_not_depend_on_what_is_said_of_them() -> None:
    desk = read_desk("desk.yaml", {"review.order": {"uncertainty": 2, "random": 1}})
    articles = [Article(f"a{n}", f"Text {n}") for n in range(20)]
    blind = {"a3", "a7", "a11"}
    said = {
        a.id: Prediction(a.id, "World", 0.4 + n / 40, "m", (ScoredSpan(0, 4, "event", 0.5),), "m")
        for n, a in enumerate(articles)
    }
    found = order_articles(desk, articles, blind, said)
    assert found.keys() == said.keys()
    for score in (0.26, 0.99):
        other = {i: replace(p, topic_score=score, spans=()) for i, p in said.items() if i in blind}
        assert order_articles(desk, articles, blind, said | other) == found
    assert order_articles(desk, articles[:8], blind, {})["a3"] == found["a3"]
    shown = [i for i in sorted(found, key=lambda i: found[i]) if i not in blind]
    assert shown[0] == "a0"
    assert order_articles(desk, articles[::-1], blind, said) == found
    assert order_articles(desk, [], blind, {}) == {}
