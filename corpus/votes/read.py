"""A file of answers, a row each → votes and gold, with an account of every row.

Long format: a row is what one annotator answered to one item (to one question of it, where a column
says which). Ids, annotators and labels may be text or numbers; all are compared as text, also those
of lists and spans, and 3.0 is 3, as pandas writes numbers beside empty cells.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Literal

from corpus.articles import Span
from corpus.errors import DeskError
from corpus.labelled.cells import CellError, is_missing, to_spans, to_text, to_topics
from corpus.labelled.columns import FileForm
from corpus.labelled.streams import open_stream
from corpus.votes.columns import FLAGS, VoteColumns
from corpus.votes.vote import Unit, Value, Vote

# One label an answer, several of them, or spans.
Kind = Literal["topics", "labels", "spans"]
AnySet = frozenset[Span] | frozenset[str]
NO_ANSWER = "without an answer"
REPEATED = "said again"
WHOLE = re.compile(r"(-?\d+)\.0+")
# What can be nothing but a list, and is broken where it is no JSON.
LIST = re.compile(r"""\s*\[\s*["']""")


@dataclass(frozen=True, slots=True)
class VoteFile(Generic[Value]):
    """Votes in file order. ``gold`` has a unit for each whose gold is told; None: no gold was read.

    ``ids`` are the items' ids as they stand in the file. ``left_out`` counts rows by reason.
    """

    path: Path
    kind: Kind
    votes: tuple[Vote[Value], ...]
    gold: Mapping[Unit, Value] | None
    ids: Mapping[str, Any]
    left_out: Mapping[str, int]


def read_votes(path: Path, columns: VoteColumns, form: FileForm) -> VoteFile[Any]:
    """All answers of the file. Raises DeskError for a file or row that breaks a rule."""
    stream = open_stream(path, columns, FLAGS, form)
    rows = _Rows(columns.named(FLAGS), stream.class_names)
    role = ""
    for number, row in stream.rows:
        role = role or _answer_role(path, columns, row)
        try:
            rows.read(number, row, role)
        except CellError as error:
            raise DeskError(
                f"{path} row {number}: {error}.",
                f"Correct the row: {error.rule}. Then run it again.",
            ) from error
    if not rows.votes:
        why = ", ".join(f"{count} {reason}" for reason, count in rows.left_out.items())
        raise DeskError(
            f"{path} holds no answer ({why or 'it has no rows'}).",
            f"Check it and {FLAGS[role or 'label']}.",
        )
    return rows.to_file(path, role, columns.gold is not None)


def to_name(value: Any) -> str:
    """An id, annotator or label as text; empty where there is none."""
    if is_missing(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        # Parquet has text without its mark, too.
        value = value.decode("utf-8", "backslashreplace")
    text = to_text(str(value)).strip()
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _answer_role(path: Path, columns: VoteColumns, row: Mapping[str, Any]) -> str:
    """label or spans, whichever the file has; named, where it has both."""
    named = [role for role in ("label", "spans") if getattr(columns, role)]
    there = named or [r for r in ("label", "spans") if columns.named([r])[r] in row]
    if len(there) == 1:
        return there[0]
    flags = f"{FLAGS['label']} NAME or {FLAGS['spans']} NAME"
    if there:
        raise DeskError(
            f"{path} has labels and spans: one of them at a time.", f"Name it: {flags}."
        )
    raise DeskError(
        f"{path} has no column 'label' and no column 'spans'.", f"Name the answers: {flags}."
    )


def _answer(value: Any, role: str, classes: list[str] | None) -> AnySet | None:
    """What a cell says, as a set; None where it says nothing."""
    if is_missing(value):
        return None
    value = _readable(value)
    if role == "spans":
        spans = to_spans(value, None, classes)
        if spans is None:
            return None
        return frozenset(replace(span, label=to_name(span.label)) for span in spans)
    if isinstance(value, bool) or (isinstance(value, str) and not LIST.match(value)):
        name = to_name(value)
        return frozenset({name}) if name else None
    topics = to_topics(value, classes)
    return None if topics is None else frozenset(map(to_name, topics))


def _readable(value: Any) -> Any:
    """A list that stands as JSON in a cell, read; labels that are broken numbers, as text."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            # A label may begin with a bracket, too.
            return value
        return _readable(found) if isinstance(found, list) else value
    if isinstance(value, list):
        return [_readable(part) if not isinstance(part, str) else part for part in value]
    if isinstance(value, dict) and "label" in value:
        return {**value, "label": _readable(value["label"])}
    if isinstance(value, float) and math.isfinite(value) and not value.is_integer():
        return str(value)
    return value


class _Rows:
    """What was read so far: of each unit and annotator the vote and its row, of each unit gold."""

    def __init__(self, names: Mapping[str, str], classes: Mapping[str, list[str]]) -> None:
        self.names = names
        self.classes = classes
        self.votes: dict[tuple[Unit, str], tuple[int, Vote[AnySet]]] = {}
        self.gold: dict[Unit, AnySet] = {}
        self.ids: dict[str, Any] = {}
        self.left_out: Counter[str] = Counter()

    def read(self, number: int, row: Mapping[str, Any], role: str) -> None:
        """Add one row. Raises CellError where it breaks a rule."""
        cells = {name: row.get(column) for name, column in self.names.items()}
        item, annotator = self._named(cells, "item"), self._named(cells, "annotator")
        given = cells["item"]
        self.ids.setdefault(item, to_text(given) if isinstance(given, str) else given)
        unit = (item, to_name(cells.get("question")))
        classes = self.classes.get(self.names[role])
        of_gold = self.classes.get(self.names.get("gold", "")) or classes
        self._note_gold(unit, _answer(cells.get("gold"), role, of_gold))
        value = _answer(cells[role], role, classes)
        if value is None:
            self.left_out[NO_ANSWER] += 1
        else:
            revision = to_name(cells.get("guidelines"))
            self._add(number, Vote(item, annotator, value, unit[1], revision))

    def to_file(self, path: Path, role: str, has_gold: bool) -> VoteFile[Any]:
        """The votes as labels, where every answer and every gold is exactly one."""
        votes: list[Vote[Any]] = [vote for _, vote in self.votes.values()]
        gold: dict[Unit, Any] = self.gold
        kind: Kind = "spans" if role == "spans" else "labels"
        answers = [*(vote.value for vote in votes), *gold.values()]
        if role == "label" and all(len(answer) == 1 for answer in answers):
            kind = "topics"
            votes = [replace(vote, value=min(vote.value)) for vote in votes]
            gold = {unit: min(answer) for unit, answer in gold.items()}
        left_out = dict(self.left_out)
        return VoteFile(path, kind, tuple(votes), gold if has_gold else None, self.ids, left_out)

    def _named(self, cells: Mapping[str, Any], role: str) -> str:
        name = to_name(cells[role])
        if not name:
            rule = f"every row names its {role} in column {self.names[role]!r}"
            raise CellError(f"its {role} is empty", rule)
        return name

    def _add(self, number: int, vote: Vote[AnySet]) -> None:
        before = self.votes.setdefault((vote.unit, vote.annotator), (number, vote))
        if before[1].value != vote.value:
            raise CellError(
                f"annotator {vote.annotator!r} answered item {vote.item!r} in row {before[0]} "
                "already, and otherwise",
                "an annotator answers an item once; where several questions were asked of it, "
                f"{FLAGS['question']} NAME says which",
            )
        if before[0] != number:
            self.left_out[REPEATED] += 1

    def _note_gold(self, unit: Unit, gold: AnySet | None) -> None:
        if gold is None:
            return
        known = self.gold.setdefault(unit, gold)
        if known != gold:
            raise CellError(
                f"gold of item {unit[0]!r} is {_shown(gold)}, in a row before {_shown(known)}",
                "an item has one gold",
            )


def _shown(answer: AnySet) -> str:
    return str(sorted(answer))
