"""JSON lines."""

import json
from collections.abc import Iterator
from pathlib import Path

from corpus.errors import DeskError
from corpus.settings.source import SourceSettings
from corpus.sources.csv_file import read_text
from corpus.sources.rows import Row


def read_jsonl_rows(path: Path, source: SourceSettings) -> Iterator[tuple[int, Row]]:
    """One JSON object a line, numbered from 1; a key that only some rows have reads as None."""
    rows: list[tuple[int, dict[str | int, object]]] = []
    keys: dict[str | int, None] = {}
    # Not splitlines(): it would also break at U+2028 and U+0085, which are legal inside JSON.
    for number, line in enumerate(read_text(path, source.encoding).split("\n"), start=1):
        if line.strip():
            row = _parse_line(path, number, line)
            rows.append((number, row))
            keys.update(dict.fromkeys(row))
    for number, row in rows:
        yield number, {key: row.get(key) for key in keys}


def _parse_line(path: Path, number: int, line: str) -> dict[str | int, object]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DeskError(
            f"{path} line {number} is not JSON: {error}",
            "Write one JSON object a line (not an array), then load again.",
        ) from error
    if not isinstance(row, dict):
        raise DeskError(
            f"{path} line {number} holds a {type(row).__name__}, not an object.",
            'Write one object a line: {"text": "…", "topic": "…"}.',
        )
    return row
