"""What goes takes its traces with it: users, metadata properties, data sets. And nested filters."""

from typing import Any

import pytest
from argilla_server.search_engine import (
    AndFilter,
    MetadataFilterScope,
    RangeFilter,
    SuggestionFilterScope,
    TermsFilter,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.embedded.engine_properties.asking import assert_same, drawn_world, expected
from tests.embedded.engine_properties.examples import fewer
from tests.embedded.engine_properties.questions import response_filters
from tests.embedded.engine_properties.schema import LABELS, Made, Schema, create
from tests.embedded.engine_properties.server import Server, read_database
from tests.embedded.engine_properties.strategies import Json, response
from tests.embedded.engine_properties.world import World


@pytest.fixture
def made(server: Server) -> Made:
    return create(server, Schema())


def agree(world: World, wanted: list[Json], user: str | None = None) -> None:
    world.look()
    found = set(world.ids({"filters": {"and": wanted}}, user))
    assert_same(world, found, expected(world, wanted, user), (wanted, user))


@settings(max_examples=fewer(2))
@given(st.data())
def test_answers_of_a_deleted_user(server: Server, data: st.DataObject) -> None:
    world = drawn_world(server, create(server, Schema()), data)
    account = {"first_name": "x", "username": "leaver", "password": "password", "role": "owner"}
    user = server.call("POST", "users", account)
    for record_id in world.oracle.documents:
        body = {"record_id": record_id, **data.draw(response(world.made))}
        server.call("POST", "me/responses/bulk", {"items": [body]}, user["api_key"])
    asked = data.draw(st.lists(response_filters(world.made), min_size=4, max_size=8))
    for wanted in asked:
        agree(world, [wanted])
    server.call("DELETE", f"users/{user['id']}")
    for wanted in asked:
        agree(world, [wanted])


def test_a_metadata_property_deleted_and_made_again(server: Server, made: Made) -> None:
    base, name = f"datasets/{made.id}", made.schema.kind
    item = {"fields": {made.schema.text: "a"}, "metadata": {name: ["b", "c"]}}
    server.call("POST", f"{base}/records/bulk", {"items": [item]})
    scope = {"entity": "metadata", "metadata_property": name}
    asked = {"filters": {"and": [{"type": "terms", "scope": scope, "values": ["c"]}]}}
    assert server.call("POST", f"{base}/records/search", asked)["total"] == 1
    listed = server.call("GET", f"me/{base}/metadata-properties")["items"]
    old = next(item["id"] for item in listed if item["name"] == name)
    server.call("DELETE", f"metadata-properties/{old}")
    assert server.ask("POST", f"{base}/records/search", asked).status_code == 422
    body = {"name": name, "title": "t", "settings": {"type": "terms"}}
    server.call("POST", f"{base}/metadata-properties", body)
    assert server.call("POST", f"{base}/records/search", asked)["total"] == 1


@settings(max_examples=fewer(2))
@given(st.data())
def test_a_deleted_data_set_leaves_the_others_alone(server: Server, data: st.DataObject) -> None:
    stays = drawn_world(server, create(server, Schema()), data)
    goes = drawn_world(server, create(server, Schema()), data)
    query = {"query": {"text": {"q": "it | a | bank"}}}
    before = stays.search(query, None)
    server.call("DELETE", goes.base)
    assert server.ask("POST", f"{goes.base}/records/search", query).status_code == 404
    assert stays.search(query, None) == before
    assert traces(goes.made.id.replace("-", "")) == []


def traces(dataset_id: str) -> list[str]:
    """Tables of the database and of the side file that still name a data set."""
    found = []
    for table in ("records", "copydesk_docs", "copydesk_properties", "copydesk_responses"):
        if read_database(f"SELECT 1 FROM {table} WHERE dataset_id = ?", dataset_id):
            found.append(table)
    orphans = "SELECT 1 FROM {} WHERE doc NOT IN (SELECT doc FROM copydesk_docs)"
    for table in ("copydesk_values", "copydesk_answers"):
        found += [table] if read_database(orphans.format(table)) else []
    return found


@settings(max_examples=fewer(3))
@given(st.data())
def test_nested_filters(server: Server, data: st.DataObject) -> None:
    world = drawn_world(server, create(server, Schema()), data)
    s, label = world.made.schema, data.draw(st.sampled_from(LABELS))
    size, score = MetadataFilterScope(s.size), SuggestionFilterScope(s.label, "score")
    value = SuggestionFilterScope(s.label, "value")
    inner = AndFilter([RangeFilter(score, ge=0.1, le=0.75), AndFilter([])])
    nested: Any = AndFilter(
        [AndFilter([TermsFilter(value, [label]), inner]), RangeFilter(size, ge=0)]
    )
    asked = {"entity": "suggestion", "question": s.label}
    flat = [
        {"type": "terms", "scope": {**asked, "property": "value"}, "values": [label]},
        {"type": "range", "scope": {**asked, "property": "score"}, "ge": 0.1, "le": 0.75},
        {
            "type": "range",
            "scope": {"entity": "metadata", "metadata_property": s.size},
            "ge": 0,
        },
    ]
    dataset = server.dataset(world.made.id)
    found = server.engine("search", dataset, filter=nested, limit=100)
    assert {str(item.record_id) for item in found.items} == expected(world, flat, None)
    assert found.total == len(found.items)
