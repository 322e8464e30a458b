"""CSV, with and without a header row."""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from corpus.errors import DeskError
from corpus.settings.source import SourceSettings
from corpus.sources.rows import Row

# An article longer than the csv module's default of 131,072 characters is legal.
FIELD_LIMIT = 16 * 1024 * 1024


def read_csv_rows(path: Path, source: SourceSettings) -> Iterator[tuple[int, Row]]:
    """Rows as name → cell, or position → cell where the desk says ``header: false``.

    Rows are numbered from 1, the header not counted. A row that is shorter or longer than
    the others shifts cells in silence in most readers; here it stops the load.
    """
    text = read_text(path, source.encoding)
    _refuse_other_formats(path, text)
    csv.field_size_limit(FIELD_LIMIT)
    rows = (row for row in _parsed(path, text, source.delimiter) if row)
    width = 0
    names: list[str | int] = []
    for number, cells in enumerate(rows, start=0 if source.header else 1):
        if not names:
            width = len(cells)
            names = list(cells) if source.header else list(range(width))
            _refuse_repeated_names(path, names)
            if source.header:
                continue
        if len(cells) != width:
            raise DeskError(
                f"{path} row {number}: {len(cells)} cells, but the first row has {width}.",
                "Quote cells that hold the delimiter, or set source.delimiter in the desk.",
            )
        yield number, dict(zip(names, cells, strict=True))


def _parsed(path: Path, text: str, delimiter: str) -> Iterator[list[str]]:
    # newline="" leaves line ends inside quotes alone and takes CR, LF and CRLF between rows;
    # strict, because a quote that is never closed would else swallow the rest of the file.
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise DeskError(
            f"{path} line {reader.line_num} is not csv: {error}.",
            "Quote cells that hold quotes or line ends, then load again.",
        ) from error


def read_text(path: Path, encoding: str) -> str:
    """The whole file as text; a byte order mark wins over ``encoding``. Line ends are kept."""
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif data.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise DeskError(
            f"source.encoding {encoding!r} is not an encoding Python knows.",
            "Use a name such as utf-8, cp1252 or latin-1.",
        ) from error
    except UnicodeDecodeError as error:
        raise DeskError(
            f"{path} is not {encoding}: byte 0x{data[error.start]:02x} at position {error.start}.",
            "Set source.encoding in the desk (cp1252 and latin-1 are common), or convert the file.",
        ) from error


def _refuse_other_formats(path: Path, text: str) -> None:
    start = text.lstrip()[:200].lower()
    for sign, kind in (("pk\x03\x04", "a zip or Excel file"), ("<", "an HTML or XML page")):
        if start.startswith(sign):
            raise DeskError(
                f"{path} is named csv but is {kind}.", "Export it as csv and load that file."
            )


def _refuse_repeated_names(path: Path, names: list[str | int]) -> None:
    repeated = sorted({str(name) for name in names if names.count(name) > 1})
    if repeated:
        raise DeskError(
            f"{path} has columns of the same name: {', '.join(map(repr, repeated))}.",
            "Rename them, or set source.header to false and use positions.",
        )
