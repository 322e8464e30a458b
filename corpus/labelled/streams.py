"""Rows of a file one after the other, so that a file may be larger than memory."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.errors import DeskError
from corpus.labelled.columns import ColumnNames, FileForm, require_columns
from corpus.labelled.csv_stream import csv_rows
from corpus.labelled.text_file import open_text, undecodable

FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
# Rows decoded at a time; a row group may be far larger.
BATCH_ROWS = 1_000
# Of a column, which would else be read whole for each row group.
BUFFER_BYTES = 1 << 20

NumberedRow = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows numbered from 1, and the names of classes that the file keeps as numbers.

    ``class_names`` are by column; of a column of lists or spans they are those of its labels.
    """

    rows: Iterator[NumberedRow]
    class_names: dict[str, list[str]] = field(default_factory=dict)


def open_stream(path: Path, columns: ColumnNames, roles: Collection[str], form: FileForm) -> Stream:
    """The rows of ``roles``' columns. Raises DeskError for a file that cannot be such a file."""
    if path.is_dir():
        raise DeskError(f"{path} is a folder.", "Name one Parquet, CSV or JSON lines file of it.")
    kind = _format(path, form)
    if not path.is_file():
        raise DeskError(f"{path} is not there.", "Name a Parquet, CSV or JSON lines file that is.")
    if path.stat().st_size == 0:
        raise DeskError(f"{path} is empty (0 bytes).", "Write the file again.")
    if kind == "parquet":
        return _parquet(path, columns, roles)
    read: dict[str, Callable[..., Iterator[NumberedRow]]] = {"csv": csv_rows, "jsonl": _json_rows}
    return Stream(read[kind](path, columns, roles, form))


def _format(path: Path, form: FileForm) -> str:
    if form.format is not None and form.format in FORMATS.values():
        return form.format
    if form.format is not None:
        raise DeskError(f"--format {form.format!r} is not known.", "Use parquet, csv or jsonl.")
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise DeskError(
            f"{path}: its suffix tells no format (known: {', '.join(FORMATS)}).",
            "Add --format parquet, --format csv or --format jsonl; unpack what is compressed.",
        )
    return found


def _parquet(path: Path, columns: ColumnNames, roles: Collection[str]) -> Stream:
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True, buffer_size=BUFFER_BYTES)
    except (pa.ArrowException, OSError) as error:
        raise _not_parquet(path, 0, error) from error
    known = file.schema_arrow.names
    require_columns(path, columns, roles, known)
    wanted = [name for name in columns.named(roles).values() if name in known]
    names = _class_names(file.schema_arrow.metadata or {})
    return Stream(_parquet_rows(path, file, list(dict.fromkeys(wanted))), names)


def _parquet_rows(path: Path, file: pq.ParquetFile, wanted: list[str]) -> Iterator[NumberedRow]:
    number = 0
    with file:
        batches = file.iter_batches(BATCH_ROWS, columns=wanted)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise _not_parquet(path, number, error) from error
            if batch is None:
                return
            for row in batch.to_pylist():
                number += 1
                yield number, row


def _not_parquet(path: Path, rows: int, error: Exception) -> DeskError:
    return DeskError(
        f"{path} cannot be read as Parquet after row {rows}: {error}",
        "Write the file again (pandas: df.to_parquet), or name its format with --format.",
    )


def _class_names(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """Names of ClassLabel features, as `datasets` keeps them in the schema."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    found = {column: _names_in(feature) for column, feature in features.items()}
    return {column: names for column, names in found.items() if names}


def _names_in(feature: Any) -> list[str] | None:
    """The class names of a column, of the items of a list, or of the labels of spans."""
    if isinstance(feature, list) and feature:
        return _names_in(feature[0])
    if not isinstance(feature, dict):
        return None
    if feature.get("_type") == "ClassLabel":
        return feature.get("names")
    inner = feature.get("feature", feature.get("label"))
    return None if inner is None else _names_in(inner)


def _json_rows(
    path: Path, columns: ColumnNames, roles: Collection[str], form: FileForm
) -> Iterator[NumberedRow]:
    """One object a line; a ``.json`` file may be one array. A key may be missing in some rows."""
    seen: dict[str, None] = {}
    number = 0
    for number, row in _objects(path, form.encoding):
        if not isinstance(row, dict):
            raise DeskError(
                f"{path} row {number} holds a {type(row).__name__}, not an object.",
                'Write one object a line: {"text": "…", "topic": "…"}.',
            )
        seen.update(dict.fromkeys(row))
        always = columns.in_every_row & set(roles)
        if number == 1 or not set(columns.named(always).values()) <= set(row):
            require_columns(path, columns, always, list(row))
        yield number, row
    if number:
        require_columns(path, columns, roles, list(seen))


def _objects(path: Path, encoding: str) -> Iterator[tuple[int, Any]]:
    with open_text(path, encoding) as file:
        number = line_number = 0
        while True:
            try:
                line = file.readline()
                line_number += 1
                # An array cannot be cut into rows without reading it to its end.
                is_array = line_number == 1 and line.lstrip().startswith("[")
                rest = file.read() if is_array else ""
            except UnicodeDecodeError as error:
                raise undecodable(path, encoding, error) from error
            if not line:
                return
            if is_array:
                yield from enumerate(_parse(path, 1, line + rest), start=1)
                return
            if line.strip():
                number += 1
                yield number, _parse(path, line_number, line.rstrip("\r\n"))


def _parse(path: Path, line_number: int, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason, column = str(error), ""
        if isinstance(error, json.JSONDecodeError):
            reason, column = error.msg, f", column {error.colno}"
            line_number += error.lineno - 1
        raise DeskError(
            f"{path} line {line_number}{column} is not JSON: {reason}.",
            "Write one JSON object a line, then run the command again.",
        ) from error
