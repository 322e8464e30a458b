"""Which kind of pull comes next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from corpus.cursor import Reconciled, next_pull, read_reconciled, to_cursor

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
PROBE = {"dataset": "d", "last_activity_at": "t1", "records": "3", "guidelines": "g"}
LAST = Reconciled(NOON, "t1", "u", {"submitted": 2})
CURSOR = to_cursor(PROBE, "s", LAST)


def kind(
    cursor: dict[str, Any], probe: dict[str, str], hours: float = 24, full: bool = False
) -> str:
    """Of a pull that begins ten hours after the last full one."""
    return next_pull(cursor, probe, hours, NOON + timedelta(hours=10), full).kind


def test_what_a_cursor_remembers_comes_back() -> None:
    assert read_reconciled(CURSOR) == LAST
    assert read_reconciled({}) is None
    assert read_reconciled({"dataset": "d"}) is None


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        ({}, "unchanged"),
        ({"last_activity_at": "t2"}, "changes"),
        ({"records": "4"}, "changes"),
        ({"guidelines": "h"}, "changes"),
        ({"dataset": "other"}, "full"),
        ({"imported": "7"}, "full"),
    ],
)
def test_how_much_is_read_follows_from_what_differs(probe: dict[str, str], expected: str) -> None:
    assert kind(CURSOR, {**PROBE, **probe}) == expected


def test_everything_is_read_first_and_when_asked_for_and_for_licences() -> None:
    assert kind({}, PROBE) == "full"
    assert kind(CURSOR, PROBE, full=True) == "full"
    assert kind({**CURSOR, "licences": "corrected"}, PROBE) == "full"
    # A cursor of an earlier Copydesk.
    assert kind(PROBE, PROBE) == "unchanged"
    assert kind(PROBE, {**PROBE, "last_activity_at": "t2"}) == "full"


def test_reconciling_is_due_by_the_hour_and_only_after_activity() -> None:
    def after(activity: str, hours: float) -> str:
        probe = {**PROBE, "last_activity_at": activity}
        return kind(to_cursor(probe, "s", LAST), probe, hours)

    assert after("t1", hours=0) == "unchanged"
    assert after("t2", hours=10) == "full"
    assert after("t2", hours=10.1) == "unchanged"
    assert kind(CURSOR, {**PROBE, "last_activity_at": "t2"}, hours=0) == "full"
