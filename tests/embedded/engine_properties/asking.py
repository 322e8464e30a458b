"""What the properties share: a drawn world, the oracle's answers, how a difference is shown."""

from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from tests.embedded.engine_properties.questions import filters
from tests.embedded.engine_properties.schema import Made
from tests.embedded.engine_properties.server import USERS, Server
from tests.embedded.engine_properties.strategies import Json
from tests.embedded.engine_properties.world import World

QUESTIONS_A_WORLD = 8
WHO = st.sampled_from([None, *USERS])


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
        found += [date[:19].replace(" ", "T") + "+02:00", date[:19].replace(" ", "T") + "-05:30"]
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


def assert_sorted(world: World, found: list[str], orders: list[Json], user: str | None) -> None:
    mine = world.user_id(user)
    keys: list[Any] = [
        [world.oracle.sort_value(world.oracle.documents[i], o, mine) for o in orders] for i in found
    ]
    for one, other in pairwise(keys):
        for a, b, order in zip(one, other, orders, strict=True):
            if a != b:
                assert b is None or (a is not None and (a < b) == (order["order"] == "asc")), keys
                break
