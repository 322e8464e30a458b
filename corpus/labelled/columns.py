"""Which columns of a file are read, by what name, and how the file is written."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from corpus.errors import DeskError

FLAGS = {
    "text": "--text-column",
    "title": "--title-column",
    "id": "--id-column",
    "topic": "--topic-column",
    "spans": "--spans-column",
    "split": "--split-column",
}
# Read where they are there; nobody has to have them.
OPTIONAL = {"id": "id", "split": "split"}


class ColumnNames(Protocol):
    """Names of the columns that some kind of file has, by role."""

    @property
    def flags(self) -> Mapping[str, str]:
        """Role → the option that names its column."""

    @property
    def in_every_row(self) -> frozenset[str]:
        """Roles that every row of JSON lines has, so that a first row tells a wrong name."""

    def named(self, roles: Collection[str]) -> dict[str, str]:
        """Role → column of the roles that are read."""

    def is_required(self, role: str) -> bool:
        """Whether the file must have this column."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns. ``id`` and ``split`` None: the columns of that name, where there are such.

    ``title`` None: no title is read, whatever the file holds.
    """

    text: str = "text"
    title: str | None = None
    id: str | None = None
    topic: str = "topic"
    spans: str = "spans"
    split: str | None = None

    @property
    def flags(self) -> Mapping[str, str]:
        """Role → the option that names its column."""
        return FLAGS

    @property
    def in_every_row(self) -> frozenset[str]:
        """Labels and splits may be missing in a row of JSON lines."""
        return frozenset({"text"})

    def named(self, roles: Collection[str]) -> dict[str, str]:
        """Role → column of the roles that are read, optional ones by their usual name."""
        asked = {role: getattr(self, role) or OPTIONAL.get(role) for role in roles}
        return {role: name for role, name in asked.items() if name}

    def is_required(self, role: str) -> bool:
        """Whether the file must have this column: it is read by default or was asked for."""
        return role not in OPTIONAL or getattr(self, role) is not None


@dataclass(frozen=True, slots=True)
class FileForm:
    """How a file is written; None for ``format`` and ``delimiter``: as its name tells."""

    format: str | None = None
    encoding: str = "utf-8"
    delimiter: str | None = None


def require_columns(
    path: Path, columns: ColumnNames, roles: Collection[str], known: list[str]
) -> None:
    """DeskError that names the columns there are, where one that must be there is not."""
    for role, name in columns.named(roles).items():
        if name not in known and columns.is_required(role):
            raise DeskError(
                f"{path} has no column {name!r} (it has: {', '.join(map(repr, known)) or 'none'}).",
                f"Name the column that holds the {role}: {columns.flags[role]} NAME.",
            )
