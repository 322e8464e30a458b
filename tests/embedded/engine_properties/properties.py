"""The properties: each draws a world, asks it several questions, and compares with the oracle."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.embedded.engine_properties.questions import filters, sorts
from tests.embedded.engine_properties.schema import Made, Schema, create
from tests.embedded.engine_properties.server import USERS, Server
from tests.embedded.engine_properties.strategies import Json
from tests.embedded.engine_properties.texts import queries
from tests.embedded.engine_properties.world import World

QUESTIONS_A_WORLD = 8
WHO = st.sampled_from([None, *USERS])


@pytest.fixture(scope="module")
def made(server: Server) -> Made:
    return create(server, Schema())


def drawn_world(server: Server, made: Made, data: st.DataObject) -> World:
    world = World(server, made, data)
    world.fill()
    world.change()
    return world


def some_filters(world: World) -> st.SearchStrategy[list[Json]]:
    ids = list(world.oracle.documents)
    dates = [d.own[name] for d in world.oracle.documents.values() for name in TIMES]
    return st.lists(filters(world.made, ids, spellings(dates)), min_size=1, max_size=3)


TIMES = ("inserted_at", "updated_at")


def spellings(dates: list[str]) -> list[str]:
    """The ways in which clients write dates."""
    found = ["2020-01-01", "2999-12-31"]
    for date in dates:
        found += [date.replace(" ", "T"), date.replace(" ", "T") + "Z", date[:10]]
        found += [date[:19].replace(" ", "T"), date[:16].replace(" ", "T")]
    return found


def expected(world: World, wanted: list[Json], user: str | None) -> set[str]:
    mine = world.user_id(user)
    return {
        d.id
        for d in world.oracle.documents.values()
        if all(world.oracle.matches(d, f, mine) for f in wanted)
    }


def assert_same(world: World, found: set[str], wanted: set[str], asked: object) -> None:
    """Say what was asked and show the records that should, or should not, have been found."""
    missing = [world.oracle.documents[i] for i in wanted - found]
    too_many = [world.oracle.documents[i] for i in found - wanted]
    assert not (missing or too_many), f"{asked}\n  missing: {missing}\n  too many: {too_many}"


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


def assert_sorted(world: World, found: list[str], orders: list[Json], user: str | None) -> None:
    mine = world.user_id(user)
    keys: list[Any] = [
        [world.oracle.sort_value(world.oracle.documents[i], o, mine) for o in orders] for i in found
    ]
    for one, other in zip(keys, keys[1:], strict=False):
        for a, b, order in zip(one, other, orders, strict=True):
            if a != b:
                assert b is None or (a is not None and (a < b) == (order["order"] == "asc")), keys
                break


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
