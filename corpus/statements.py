"""What people say under a key and may say again differently, and which of it counts now.

A statement is an answer to an article, or an opinion of what a model wrote. Ledgers only append:
what is edited comes again, and what Argilla no longer has is buried by one more statement.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol, Self, TypeVar

from corpus.articles import Status

# On what, and whose word.
StatementKey = tuple[str, str]
# A tombstone is so much later than what it buries.
BURIED_AFTER = timedelta(microseconds=1)


class Marked(Protocol):
    """That something was said, not what."""

    @property
    def key(self) -> StatementKey:
        """Whose word on what."""

    @property
    def status(self) -> Status:
        """Of a tombstone "deleted"."""

    @property
    def answered_at(self) -> datetime:
        """When it was said; of a tombstone BURIED_AFTER what it buries."""


class Statement(Marked, Protocol):
    """Each person says one thing under a key, the latest."""

    def repeats(self, other: Self) -> bool:
        """Whether nothing else is said; read under other guidelines it may be."""

    def buried(self) -> Self:
        """The tombstone, which says that this is gone from Argilla."""


Said = TypeVar("Said", bound=Statement)
Mark = TypeVar("Mark", bound=Marked)


def unrepeated(statements: Iterable[Said]) -> list[Said]:
    """Without what only repeats the row before of its key: two pulls at the same moment may have
    appended the same. What comes back after it was deleted stays.
    """
    found: list[Said] = []
    last: dict[StatementKey, Said] = {}
    for statement in statements:
        key = statement.key
        if last.get(key) != statement:
            found.append(statement)
            last[key] = statement
    return found


def current_statements(statements: Iterable[Mark]) -> dict[StatementKey, Mark]:
    """What counts now: the latest of each key, by the times of the answers, if not deleted.

    What is only repeated changes nothing.
    """
    latest: dict[StatementKey, Mark] = {}
    for statement in statements:
        key = statement.key
        seen = latest.get(key)
        if seen is None or _outranks(statement, seen):
            latest[key] = statement
    return {key: s for key, s in latest.items() if s.status != "deleted"}


def new_statements(statements: Iterable[Said], current: Mapping[StatementKey, Said]) -> list[Said]:
    """Those that change what counts."""
    return [s for s in statements if not _is_known(s, current.get(s.key))]


def tombstones(held: Mapping[StatementKey, Said], there: Iterable[Said]) -> list[Said]:
    """Of what is held and no longer there, in the order of the keys."""
    gone = held.keys() - {statement.key for statement in there}
    return [held[key].buried() for key in sorted(gone)]


def _outranks(later: Marked, seen: Marked) -> bool:
    """What comes back after it was deleted has the time that it had before."""
    since = seen.answered_at - BURIED_AFTER if seen.status == "deleted" else seen.answered_at
    return later.answered_at >= since


def _is_known(statement: Said, seen: Said | None) -> bool:
    """There is nothing to bury where nothing counts."""
    return statement.status == "deleted" if seen is None else statement.repeats(seen)
