"""Similarity, progress, metrics: what the UI shows besides lists of records."""

import math
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from argilla_server.cli.search_engine.reindex import Reindexer
from argilla_server.database import AsyncSessionLocal
from hypothesis import given, settings
from hypothesis import strategies as st

from embedded.argilla.engine import SqliteSearchEngine
from tests.embedded.engine_properties.asking import WHO, drawn_world, expected, some_filters
from tests.embedded.engine_properties.examples import fewer
from tests.embedded.engine_properties.schema import Made, Schema, create
from tests.embedded.engine_properties.server import USERS, Server
from tests.embedded.engine_properties.strategies import Json, vector
from tests.embedded.engine_properties.texts import words
from tests.embedded.engine_properties.world import World


@pytest.fixture(scope="module")
def made(server: Server) -> Made:
    return create(server, Schema())


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


@given(st.data())
def test_similarity(server: Server, made: Made, data: st.DataObject) -> None:
    world = drawn_world(server, made, data)
    vectors = {d.id: d.vector for d in world.oracle.documents.values() if d.vector}
    own = data.draw(st.none() | st.sampled_from(list(vectors))) if vectors else None
    value = vectors[own] if own else data.draw(vector())
    order = data.draw(st.sampled_from(["most_similar", "least_similar"]))
    asked: Json = {"name": made.schema.place, "order": order}
    asked |= {"record_id": own} if own else {"value": value}
    wanted, user = data.draw(st.just([]) | some_filters(world)), data.draw(WHO)
    text = data.draw(st.none() | words())
    body: Json = {"query": {"vector": asked, **({"text": {"q": text}} if text else {})}}
    body |= {"filters": {"and": wanted}} if wanted else {}
    fit = expected(world, wanted, user) & set(vectors) - {own}
    fit &= world.texts.find(text, None) if text else fit
    sign = 1 if order == "most_similar" else -1
    scores = {i: (1 + sign * cosine(value, vectors[i])) / 2 for i in fit}
    limit = data.draw(st.sampled_from([1, 3, 100]))
    answer = world.search(body, user, f"limit={limit}")
    found = [(item["record"]["id"], item["query_score"]) for item in answer["items"]]
    best = sorted(scores.values(), reverse=True)[:limit]
    assert [score for _, score in found] == pytest.approx(best, abs=1e-6)
    assert all(scores[i] == pytest.approx(score, abs=1e-6) for i, score in found)
    assert answer["total"] == len(found)


@given(st.data())
def test_progress_and_metrics(server: Server, made: Made, data: st.DataObject) -> None:
    world = drawn_world(server, made, data)
    documents = list(world.oracle.documents.values())
    statuses = Counter(document.own["status"] for document in documents)
    progress = server.call("GET", f"{world.base}/progress")
    del progress["users"]
    counts = {name: statuses[name] for name in ("completed", "pending")}
    assert progress == {"total": len(documents), **counts}
    for user in USERS:
        mine = world.user_id(user)
        answers = Counter(r["status"] for d in documents for r in d.responses if r["user"] == mine)
        wanted = {name: answers[name] for name in ("submitted", "discarded", "draft")}
        wanted |= {"total": len(documents), "pending": len(documents) - answers.total()}
        found = server.call("GET", f"me/{world.base}/metrics", user=user)["responses"]
        assert found == wanted
    assert_metadata_metrics(world)
    assert_agents(world)


def assert_metadata_metrics(world: World) -> None:
    s = world.made.schema
    listed = world.server.call("GET", f"me/{world.base}/metadata-properties")["items"]
    ids = {item["name"]: item["id"] for item in listed}
    found = {
        n: world.server.call("GET", f"metadata-properties/{i}/metrics") for n, i in ids.items()
    }
    values: dict[str, list[Any]] = {
        name: [v for d in world.oracle.documents.values() for v in dict.fromkeys(d.metadata[name])]
        for name in found
    }
    terms = Counter(values[s.kind])
    assert found[s.kind]["total"] == terms.total()
    wanted = sorted(terms.items(), key=lambda pair: (-pair[1], pair[0]))
    assert [(v["term"], v["count"]) for v in found[s.kind]["values"]] == wanted
    for name in (s.size, s.weight):
        low, high = min(values[name], default=None), max(values[name], default=None)
        rounded = [None if v is None else round(v, 5) for v in (low, high)]
        assert [found[name]["min"], found[name]["max"]] == rounded


def assert_agents(world: World) -> None:
    listed = world.server.call("GET", f"{world.base}/records/search/suggestions/options")["items"]
    found = {item["question"]["name"]: set(item["agents"]) for item in listed}
    for name in world.made.questions:
        agents = [d.suggestions.get((name, "agent"), []) for d in world.oracle.documents.values()]
        assert found[name] == {agent for of_one in agents for agent in of_one}


ANSWERED_BY_THE_SIDE_FILE: list[Json] = [
    {"text": {"q": "it | bank | cup"}},
    {"text": {"q": "-bank"}},
    {"vector": {"name": "place", "value": [1.0, 0.5]}},
]


@settings(max_examples=fewer(3))
@given(st.data())
def test_reindexing_changes_no_answer(server: Server, made: Made, data: st.DataObject) -> None:
    world = drawn_world(server, made, data)
    bodies = [{"query": query} for query in ANSWERED_BY_THE_SIDE_FILE]
    before = [world.search(body, None) for body in bodies]
    server.engine("delete_index", server.dataset(made.id))
    server.runner.run(reindex(made))
    assert [world.search(body, None) for body in bodies] == before


async def reindex(made: Made) -> None:
    """What `search-engine reindex` does."""
    async with AsyncSessionLocal() as db:
        engine = await SqliteSearchEngine.new_instance()
        dataset = await Reindexer.reindex_dataset(db, engine, UUID(made.id))
        async for _ in Reindexer.reindex_dataset_records(db, engine, dataset):
            pass
