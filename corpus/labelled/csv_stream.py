"""CSV with a header, row by row."""

import csv
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from corpus.errors import DeskError
from corpus.labelled.columns import ColumnNames, FileForm, require_columns
from corpus.labelled.text_file import open_text, undecodable

OTHER_DELIMITERS = {";": "';'", "\t": r"'\t'", "|": "'|'"}


def csv_rows(
    path: Path, columns: ColumnNames, roles: Collection[str], form: FileForm
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Column → cell as text. Rows of another width stop the reading: their cells have shifted."""
    names: list[str] = []
    number = 0
    for cells in _cells(path, form):
        if not names:
            names = cells
            _check_header(path, names, columns, roles, form)
            continue
        number += 1
        if len(cells) != len(names):
            raise DeskError(
                f"{path} row {number} has {len(cells)} cells, the header has {len(names)}.",
                "Quote cells that hold the delimiter, or name it: --delimiter ';'.",
            )
        yield number, dict(zip(names, cells, strict=True))


def _cells(path: Path, form: FileForm) -> Iterator[list[str]]:
    delimiter = form.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    delimiter = "\t" if delimiter == r"\t" else delimiter
    if len(delimiter) != 1:
        raise DeskError(f"--delimiter {delimiter!r} is not one character.", "Use ',' or ';'.")
    # The module's default stops at 131,072 characters, and an article may be longer.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with open_text(path, form.encoding) as file:
        # strict: a quote that is never closed would else swallow the rest of the file.
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        while True:
            try:
                cells = next(reader, None)
            except UnicodeDecodeError as error:
                raise undecodable(path, form.encoding, error) from error
            except csv.Error as error:
                raise DeskError(
                    f"{path} line {reader.line_num} is not csv: {error}.",
                    "Quote cells that hold quotes or line ends.",
                ) from error
            if cells is None:
                return
            if cells:
                yield cells


def _check_header(
    path: Path, names: list[str], columns: ColumnNames, roles: Collection[str], form: FileForm
) -> None:
    if names[0].lstrip().startswith("<"):
        raise DeskError(f"{path} is an HTML or XML page, not csv.", "Export it as csv.")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DeskError(
            f"{path} has columns of the same name: {', '.join(map(repr, repeated))}.",
            "Rename them in its first row.",
        )
    if len(names) == 1 and form.delimiter is None:
        for sign, shown in OTHER_DELIMITERS.items():
            if sign in names[0]:
                raise DeskError(
                    f"{path} has one column, {names[0][:60]!r}; its delimiter is another.",
                    f"Name the delimiter: --delimiter {shown}",
                )
    require_columns(path, columns, roles, names)
