"""A file of answers, a row each → votes and gold, with an account of every row.

Long format: a row is what one annotator answered to one item (to one question of it, where a column
says which). ``corpus.votes.cells`` says what cells may hold.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Literal

from corpus.errors import DeskError
from corpus.labelled.cells import CellError, to_text
from corpus.labelled.columns import FileForm
from corpus.labelled.streams import open_stream
from corpus.votes.cells import AnySet, to_answer, to_name
from corpus.votes.columns import FLAGS, VoteColumns
from corpus.votes.vote import Unit, Value, Vote

# One label an answer, several of them, or spans.
Kind = Literal["topics", "labels", "spans"]
NO_ANSWER = "without an answer"
REPEATED = "said again"


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
        self._note_gold(unit, to_answer(cells.get("gold"), role, of_gold))
        value = to_answer(cells[role], role, classes)
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
