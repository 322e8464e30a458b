"""What the last complete pull saw, and how much the next one must read.

Three kinds: nothing, where Argilla reports no activity since; the records whose answers changed;
all of them. Only a full pull sees for certain what was edited in a record that was known before,
so one is due every ``review.reconcile_hours`` in which somebody was active.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

PullKind = Literal["unchanged", "changes", "full"]

RECONCILED, SINCE = "reconciled", "since"
ACTIVITY = "last_activity_at"
# What else an Argilla data set tells of itself: other answers, or other articles behind the same.
FOLLOWED = frozenset({ACTIVITY, "records", "guidelines"})


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a full pull leaves to the pulls of changes after it.

    ``activity`` is the last one it read, ``until`` the newest record it listed. ``beyond``: how
    many answers of each status the ledger holds more than Argilla, those of a data set that was
    deleted; below 0 fewer, since answers to records that are nobody's articles are not kept.
    """

    at: datetime
    activity: str
    until: str
    beyond: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """As it stands in cursor.json."""
        return {
            "at": self.at.isoformat(),
            "activity": self.activity,
            "until": self.until,
            "beyond": dict(self.beyond),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The kind of a pull, and why it is that."""

    kind: PullKind
    reason: str


def to_cursor(probe: Mapping[str, str], since: str, last: Reconciled) -> dict[str, Any]:
    """What a pull leaves that found ``probe``; later than ``since`` it may not have seen all."""
    return {**probe, SINCE: since, RECONCILED: last.to_json()}


def read_reconciled(cursor: Mapping[str, Any]) -> Reconciled | None:
    """Of a cursor; None where no full pull has left it, or an earlier Copydesk's did."""
    found = cursor.get(RECONCILED)
    return found and Reconciled(**{**found, "at": datetime.fromisoformat(found["at"])})


def next_pull(
    cursor: Mapping[str, Any], probe: Mapping[str, str], hours: float, now: datetime, full: bool
) -> Plan:
    """What a pull must read that finds ``probe`` in Argilla where the last one left ``cursor``."""
    seen = {key: value for key, value in cursor.items() if key not in (RECONCILED, SINCE)}
    last = read_reconciled(cursor)
    if full:
        return Plan("full", "asked for")
    if last is None:
        return Plan("unchanged", "no activity") if seen == probe else Plan("full", "the first")
    if other := sorted(_differing(seen, probe) - FOLLOWED):
        return Plan("full", f"{', '.join(other)} changed")
    overdue = now - last.at >= timedelta(hours=hours)
    if overdue and last.activity != probe[ACTIVITY]:
        return Plan("full", f"reconciling, every {hours:g} hours")
    return Plan("unchanged", "no activity") if seen == probe else Plan("changes", "new activity")


def _differing(seen: Mapping[str, Any], probe: Mapping[str, str]) -> set[str]:
    return {key for key in seen.keys() | probe.keys() if seen.get(key) != probe.get(key)}
