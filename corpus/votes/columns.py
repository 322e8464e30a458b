"""Which columns of a file hold items, annotators, answers and gold."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

FLAGS = {
    "item": "--item-column",
    "annotator": "--annotator-column",
    "label": "--label-column",
    "spans": "--spans-column",
    "question": "--question-column",
    "guidelines": "--guidelines-column",
    "gold": "--gold",
}
USUAL = {"item": "item_id", "annotator": "annotator", "label": "label", "spans": "spans"}
# Read by these names where they are there; nobody has to have them.
OPTIONAL = {"question": "question", "guidelines": "guidelines"}


@dataclass(frozen=True, slots=True)
class VoteColumns:
    """Names of columns; None: the usual name. ``gold`` None: no gold is read."""

    item: str | None = None
    annotator: str | None = None
    label: str | None = None
    spans: str | None = None
    question: str | None = None
    guidelines: str | None = None
    gold: str | None = None

    @property
    def flags(self) -> Mapping[str, str]:
        """Role → the option that names its column."""
        return FLAGS

    @property
    def in_every_row(self) -> frozenset[str]:
        """Answers may be missing in a row of JSON lines."""
        return frozenset({"item", "annotator"})

    def named(self, roles: Collection[str]) -> dict[str, str]:
        """Role → column of the roles that are read."""
        asked = {role: getattr(self, role) or {**USUAL, **OPTIONAL}.get(role) for role in roles}
        return {role: name for role, name in asked.items() if name}

    def is_required(self, role: str) -> bool:
        """Whether the file must have it: one of label and spans is, whichever is there."""
        return role in ("item", "annotator") or getattr(self, role) is not None
