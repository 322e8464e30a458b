"""The properties: each draws a world, asks it several questions, and compares with the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.embedded.engine_properties.asking import (
    QUESTIONS_A_WORLD,
    WHO,
    assert_same,
    assert_sorted,
    drawn_world,
    expected,
    some_filters,
)
from tests.embedded.engine_properties.questions import sorts
from tests.embedded.engine_properties.schema import HOSTILE, Made, Schema, create
from tests.embedded.engine_properties.server import Server
from tests.embedded.engine_properties.strategies import Json
from tests.embedded.engine_properties.texts import queries


@pytest.fixture(scope="module", params=[Schema(), HOSTILE], ids=["plain", "hostile"])
def made(server: Server, request: pytest.FixtureRequest) -> Made:
    return create(server, request.param)


@given(st.data())
def test_filters(server: Server, made: Made, data: st.DataObject) -> None:
    world = drawn_world(server, made, data)
    for _ in range(QUESTIONS_A_WORLD):
        wanted, user = data.draw(some_filters(world)), data.draw(WHO)
        found = world.ids({"filters": {"and": wanted}}, user)
        assert_same(world, set(found), expected(world, wanted, user), (wanted, user))


@given(st.data())
def test_sorts_and_pages(server: Server, made: Made, data: st.DataObject) -> None:
    world = drawn_world(server, made, data)
    for _ in range(QUESTIONS_A_WORLD):
        orders, user = data.draw(sorts(made)), data.draw(WHO)
        wanted = data.draw(st.just([]) | some_filters(world))
        body: Json = {"sort": orders, **({"filters": {"and": wanted}} if wanted else {})}
        found = world.ids(body, user)
        assert_same(world, set(found), expected(world, wanted, user), (body, user))
        assert_sorted(world, found, orders, user)
        offset, limit = data.draw(st.integers(0, 8)), data.draw(st.integers(1, 4))
        page = world.ids(body, user, f"offset={offset}&limit={limit}")
        assert page == found[offset : offset + limit]


@given(st.data())
def test_text(server: Server, made: Made, data: st.DataObject) -> None:
    world = drawn_world(server, made, data)
    fields = [name for name in made.schema.fields() if name != made.schema.image]
    for _ in range(QUESTIONS_A_WORLD):
        text, field = data.draw(queries()), data.draw(st.none() | st.sampled_from(fields))
        wanted, user = data.draw(st.just([]) | some_filters(world)), data.draw(WHO)
        body: Json = {"query": {"text": {"q": text, **({"field": field} if field else {})}}}
        if wanted:
            body["filters"] = {"and": wanted}
        hits = world.texts.find(text, field)
        hits &= expected(world, wanted, user)
        assert_same(world, set(world.ids(body, user)), hits, (body, user))
