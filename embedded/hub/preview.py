"""First rows of a Parquet file, with class labels as words and spans as coloured text."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from embedded.hub.features import LABEL_KEYS, class_names, features_of, open_parquet, worded

ROWS = 20
TEXT_MAX_CHARACTERS = 4000
LONG_CHARACTERS = 80
# Of each message of a chat but the last, so that the answer is seen.
TURN_CHARACTERS, TURNS = 180, 12
COLOURS = 8
# Rows are decoded whole before they are cut for the page.
DECODED_MAX_BYTES = 64 * 1000 * 1000

Span = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `label` is empty outside spans, `colour` is 0 to COLOURS - 1."""

    text: str
    label: str = ""
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: pieces of text, and whether it is a number (set to the right)."""

    pieces: tuple[Piece, ...]
    is_number: bool = False

    @property
    def is_long(self) -> bool:
        return sum(len(piece.text) for piece in self.pieces) > LONG_CHARACTERS


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are (name, type); `row_count` counts the whole file, `first_row` from 0."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]
    row_count: int
    first_row: int = 0


def read_table(source: Path | bytes, row: int = 0) -> Table:
    """Reads ROWS rows, `row` first.

    Raises pyarrow's ArrowInvalid when it is no Parquet, ValueError when its rows are too large or
    two columns have one name.
    """
    file = open_parquet(source)
    _require_small_rows(file.metadata)
    _require_names(file.schema_arrow.names)
    first = min(row, max(0, file.metadata.num_rows - 1))
    schema = file.schema_arrow
    features = features_of(schema.metadata)
    page = first // ROWS
    batches = islice(file.iter_batches(batch_size=ROWS), page, page + 2)
    read = [row for batch in batches for row in batch.to_pylist()]
    rows = read[first - page * ROWS :][:ROWS]
    columns = tuple(
        (name, _type_name(schema.field(name).type, features.get(name))) for name in schema.names
    )
    words = [{key: worded(row[key], features.get(key)) for key in schema.names} for row in rows]
    colours = _label_colours(words)
    cells = tuple(_row(row, colours) for row in words)
    return Table(columns, cells, file.metadata.num_rows, first)


def find_row(source: Path | bytes, column: str, value: str) -> tuple[int | None, int]:
    """(the first row with this text or number in this column, None for none; rows of the file)."""
    file = open_parquet(source)
    rows = file.metadata.num_rows
    if column not in file.schema_arrow.names:
        return None, rows
    number = 0
    for batch in file.iter_batches(columns=[column]):
        for found in batch.column(0).to_pylist():
            if isinstance(found, str | int | float) and str(found) == value:
                return number, rows
            number += 1
    return None, rows


def _require_names(names: list[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"several columns are called {twice[0]!r}")


def _require_small_rows(metadata: Any) -> None:
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        # Two batches at most are read.
        expected = 2 * ROWS * group.total_byte_size / max(1, group.num_rows)
        if expected > DECODED_MAX_BYTES:
            raise ValueError(f"{ROWS} of its rows take some {expected / 2e6:.0f} MB")


def highlight(text: str, spans: list[Span], colours: Mapping[str, int]) -> Iterator[Piece]:
    """Cuts the text at its spans (code points, half-open); of overlapping ones the first stays."""
    position = 0
    for span in sorted(spans, key=lambda item: (item["start"], -item["end"])):
        start, end = span["start"], span["end"]
        if start < position or not start < end <= len(text):
            continue
        if start > position:
            yield Piece(text[position:start])
        label = _label(span)
        yield Piece(text[start:end], label, colours.get(label, 0))
        position = end
    if position < len(text):
        yield Piece(text[position:])


def _row(row: dict[str, Any], colours: Mapping[str, int]) -> tuple[Cell, ...]:
    text = row.get("text")
    cells = []
    for name, value in row.items():
        if name == "text" and isinstance(value, str):
            pieces = highlight(value[:TEXT_MAX_CHARACTERS], _spans(row.get("spans")), colours)
            cells.append(Cell(tuple(pieces)))
        elif spans := _spans(value):
            cells.append(Cell(tuple(_chips(text, spans, colours))))
        elif messages := _messages(value):
            cells.append(Cell((Piece(_turns(messages)),)))
        else:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            cells.append(Cell((Piece(_shown(value)),), is_number))
    return tuple(cells)


def _chips(text: object, spans: list[Span], colours: Mapping[str, int]) -> Iterator[Piece]:
    """The mentions; only their places where the row has no text."""
    for span in spans:
        start, end, label = span["start"], span["end"], _label(span)
        mention = text[start:end] if isinstance(text, str) else f"{start}–{end}"
        yield Piece(mention, label, colours.get(label, 0))
        yield Piece(" ")


def _spans(value: object) -> list[Span]:
    """The spans of a column, [] for a column of anything else."""
    items = value if isinstance(value, list) else []
    return [
        item
        for item in items
        if isinstance(item, dict)
        and isinstance(item.get("start"), int)
        and isinstance(item.get("end"), int)
    ]


def _messages(value: object) -> list[dict[str, Any]]:
    """The messages of a chat, [] for anything else."""
    items = value if isinstance(value, list) else []
    is_chat = all(
        isinstance(item, dict)
        and set(item) == {"role", "content"}
        and isinstance(item["role"], str)
        for item in items
    )
    return items if is_chat else []


def _turns(messages: list[dict[str, Any]]) -> str:
    """Who says what, a paragraph a message; of what was said before the last, some."""
    *before, last = [f"{m['role']}: {_shown(m['content'])}" for m in messages]
    said = "\n\n".join(_in_short(turn) for turn in before[:TURNS])
    more = f"\n\n… {len(before) - TURNS} more" if len(before) > TURNS else ""
    return f"{said}{more}\n\n{last}" if before else last


def _in_short(text: str) -> str:
    """Beginning and end: at the end stands what is asked."""
    if len(text) <= TURN_CHARACTERS:
        return text
    half = TURN_CHARACTERS // 2
    return f"{text[:half]} … {text[-half:]}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


def _label(span: Span) -> str:
    return next((str(span[key]) for key in LABEL_KEYS if span.get(key) is not None), "span")


def _label_colours(rows: list[dict[str, Any]]) -> dict[str, int]:
    spans = [span for row in rows for value in row.values() for span in _spans(value)]
    labels = sorted({_label(span) for span in spans})
    return {label: index % COLOURS for index, label in enumerate(labels)}


def _shown(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | dict):
        value = json.dumps(_rounded(value), ensure_ascii=False, default=str)
    return _cut(str(value), TEXT_MAX_CHARACTERS)


def _rounded(value: Any) -> Any:
    """Floats inside lists and structs with four significant digits."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


def _type_name(kind: object, feature: object) -> str:
    text = "class label" if class_names(feature) else str(kind)
    return text.partition("<")[0]
