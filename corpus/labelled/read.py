"""The front door: a file and its columns in, labelled texts and an account of every row out."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from corpus.articles import Span, Split
from corpus.errors import DeskError
from corpus.labelled.cells import (
    CellError,
    is_missing,
    to_spans,
    to_split,
    to_text,
    to_topics,
    topic_kind,
)
from corpus.labelled.columns import FLAGS, Columns, FileForm
from corpus.labelled.streams import Stream, open_stream

Kind = Literal["topics", "entities"]
NO_TEXT = "without text"
NO_LABEL = {"topics": "without topic", "entities": "without spans"}


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One row with its labels; ``topics`` or ``spans`` by the kind that was asked for."""

    number: int
    text: str
    topics: tuple[str, ...]
    spans: tuple[Span, ...]
    split: Split | None

    def labels(self) -> set[str]:
        """Every label that the row holds."""
        return {*self.topics, *(span.label for span in self.spans)}


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """Rows in file order. ``labels`` are in the order of the file's classes, else sorted; those
    that stand in its test split alone are none of them, since nothing teaches them.

    ``left_out`` counts rows by reason. ``splits``: the file says of every row which split it is.
    """

    path: Path
    kind: Kind
    rows: tuple[LabelledRow, ...]
    labels: tuple[str, ...]
    left_out: Mapping[str, int]
    splits: bool


@dataclass(frozen=True, slots=True)
class PlainRow:
    """One row to predict: what the file has as its id (None: nothing) and the text to read."""

    number: int
    id: Any
    text: str


def read_labelled(
    path: Path, kind: Kind, columns: Columns, form: FileForm, chosen: Sequence[str] | None = None
) -> LabelledFile:
    """All rows that have a text and labels of this kind.

    ``chosen`` are the labels that may occur. Raises DeskError for a row that breaks a rule, with
    its number, and where no row is left.
    """
    label_role = "topic" if kind == "topics" else "spans"
    stream = open_stream(path, columns, _roles(columns, kind, label_role, "split"), form)
    rows, left_out = [], Counter[str]()
    for row in _labelled(path, stream, kind, columns):
        if isinstance(row, str):
            left_out[row] += 1
            continue
        if chosen is not None:
            _refuse_unknown(path, row, chosen)
        rows.append(row)
    if not rows:
        why = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise DeskError(
            f"{path} has no row with a text and {NO_LABEL[kind].split()[-1]}"
            f" ({why or 'it has no rows'}).",
            f"Check the file, {FLAGS['text']} and {FLAGS[label_role]}.",
        )
    learned = [row for row in rows if row.split != "test"] or rows
    found = set[str]().union(*(row.labels() for row in learned))
    names = stream.class_names.get(getattr(columns, label_role))
    labels = chosen or names or sorted(found, key=_by_number)
    has_splits = all(row.split is not None for row in rows)
    return LabelledFile(path, kind, tuple(rows), tuple(labels), dict(left_out), has_splits)


def read_plain(path: Path, kind: Kind, columns: Columns, form: FileForm) -> Iterator[PlainRow]:
    """Every row in file order, as a stream; a row without text has an empty one."""
    stream = open_stream(path, columns, _roles(columns, kind, "id"), form)
    for number, row in stream.rows:
        try:
            text = _model_text(row, columns, kind)
        except CellError as error:
            raise _of_row(path, number, error) from error
        yield PlainRow(number, row.get(columns.id or "id"), text)


def _roles(columns: Columns, kind: Kind, *others: str) -> list[str]:
    titled = kind == "topics" and columns.title is not None
    return ["text", *(["title"] if titled else []), *others]


def _model_text(row: Mapping[str, Any], columns: Columns, kind: Kind) -> str:
    """What the model reads: for topics the title, where one is asked for, above the text.

    Spans are offsets in the text alone.
    """
    text = to_text(row.get(columns.text))
    title = to_text(row.get(columns.title)) if kind == "topics" and columns.title else ""
    return f"{title}\n{text}" if title else text


def _labelled(
    path: Path, stream: Stream, kind: Kind, columns: Columns
) -> Iterator[LabelledRow | str]:
    """Each row, or the reason why it is left out."""
    reader = _RowReader(kind, columns, stream.class_names)
    for number, row in stream.rows:
        try:
            yield reader.read(number, row)
        except CellError as error:
            raise _of_row(path, number, error) from error


class _RowReader:
    """Remembers what kinds of topics it met: those of one file are of one kind."""

    def __init__(self, kind: Kind, columns: Columns, names: Mapping[str, list[str]]) -> None:
        self.kind = kind
        self.columns = columns
        self.names = names
        self.met: tuple[int, str] | None = None
        self.split_met: tuple[int, bool] | None = None

    def read(self, number: int, row: Mapping[str, Any]) -> LabelledRow | str:
        columns = self.columns
        text = _model_text(row, columns, self.kind)
        split = self._split(number, row.get(columns.split or "split"))
        if not text.strip():
            return NO_TEXT
        if self.kind == "entities":
            spans = to_spans(row.get(columns.spans), text, self.names.get(columns.spans))
            found = None if spans is None else LabelledRow(number, text, (), spans, split)
        else:
            topics = self._topics(number, row.get(columns.topic))
            found = None if topics is None else LabelledRow(number, text, topics, (), split)
        return NO_LABEL[self.kind] if found is None else found

    def _topics(self, number: int, value: Any) -> tuple[str, ...] | None:
        if is_missing(value):
            return None
        kind = topic_kind(value)
        self.met = self.met or (number, kind)
        if kind != self.met[1]:
            raise CellError(
                f"topic {value!r} is a {kind}, that of row {self.met[0]} is a {self.met[1]}",
                "topics of one file are all text, all numbers, or all lists",
            )
        return to_topics(value, self.names.get(self.columns.topic))

    def _split(self, number: int, value: Any) -> Split | None:
        there = not is_missing(value)
        self.split_met = self.split_met or (number, there)
        if there != self.split_met[1]:
            raise CellError(
                f"split {value!r}, but row {self.split_met[0]} has "
                f"{'one' if self.split_met[1] else 'none'}",
                "every row has a split, or none has",
            )
        return to_split(value) if there else None


def _refuse_unknown(path: Path, row: LabelledRow, chosen: Collection[str]) -> None:
    unknown = sorted(row.labels() - set(chosen))
    if unknown:
        raise DeskError(
            f"{path} row {row.number}: label {unknown[0]!r} is not among {', '.join(chosen)}.",
            "Correct the row, or name all labels with --labels.",
        )


def _of_row(path: Path, number: int, error: CellError) -> DeskError:
    return DeskError(
        f"{path} row {number}: {error}.", f"Correct the row: {error.rule}. Then run it again."
    )


def _by_number(label: str) -> tuple[int, int, str]:
    """Numbers by their value, before words."""
    return (0, int(label), label) if label.isdecimal() else (1, 0, label)
