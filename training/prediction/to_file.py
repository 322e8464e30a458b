"""Predictions of a stream of rows into a file of JSON lines; a killed run goes on where it was.

Rows are predicted in parts of 1,000, each written and synced before the next. What is unfinished
stands in ``FILE.part``, and beside it what it was made from; another run with the same model and
data keeps its whole parts. Parts are the same whether the run was interrupted or not, and so is
what a model says of them.
"""

import fcntl
import filecmp
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from corpus.errors import DeskError
from corpus.labelled.read import PlainRow

PART_ROWS = 1_000
Predict = Callable[[Sequence[PlainRow]], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows the file has, how many were there from a killed run, whether it changed."""

    rows: int
    resumed: int
    changed: bool


def predict_to_file(
    rows: Iterable[PlainRow],
    predict: Predict,
    out: Path,
    identity: dict[str, Any],
    on_progress: Callable[[int], None] | None = None,
) -> Written:
    """Predict every row in order. ``identity`` is all that decides what the file will hold.

    Raises DeskError where ``out`` is something else, or another run is writing it now.
    """
    require_predictions(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    part, made_from = out.with_name(f"{out.name}.part"), _made_from(out)
    with _own(part, out) as file:
        resumed = _kept_rows(file, made_from, identity)
        total = resumed
        rest = islice(rows, resumed, None)
        for chunk in _chunks(rest):
            lines = [json.dumps(row, ensure_ascii=False, default=str) for row in predict(chunk)]
            file.write(("\n".join(lines) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
            total += len(lines)
            if on_progress is not None:
                on_progress(total)
        changed = not (out.is_file() and filecmp.cmp(part, out, shallow=False))
        if changed:
            part.replace(out)
        else:
            part.unlink()
        made_from.unlink()
    return Written(total, resumed, changed)


def _made_from(out: Path) -> Path:
    return out.with_name(f"{out.name}.part.json")


def digest_of(folder: Path) -> str:
    """A hash over all files of a model."""
    found = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.update(f"{file.relative_to(folder)}\n".encode())
        with file.open("rb") as content:
            found.update(hashlib.file_digest(content, "sha256").digest())
    return found.hexdigest()


def require_predictions(out: Path) -> None:
    """DeskError where there is something at ``out`` that was not written here."""
    if not out.exists():
        return
    first: Any = None
    if out.is_file():
        with out.open("rb") as file:
            line = file.readline()
        try:
            first = json.loads(line) if line else {"spans": []}
        except ValueError:
            first = None
    if not isinstance(first, dict) or not {"topic", "spans"} & set(first) or "text" in first:
        raise DeskError(
            f"{out} is there and is no file of predictions; it is not replaced.",
            "Give --out another name.",
        )


def _chunks(rows: Iterable[PlainRow]) -> Iterator[list[PlainRow]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, PART_ROWS)):
        yield chunk


@contextmanager
def _own(part: Path, out: Path) -> Iterator[BinaryIO]:
    """The unfinished file, opened for this process alone."""
    with part.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DeskError(
                f"Another run is writing {out} now.", "Wait for it, or give --out another name."
            ) from error
        try:
            yield file
        except BaseException:
            # Without a whole part there is nothing to go on from.
            if os.fstat(file.fileno()).st_size == 0:
                part.unlink()
                _made_from(out).unlink(missing_ok=True)
            raise


def _kept_rows(file: BinaryIO, made_from: Path, identity: dict[str, Any]) -> int:
    """Rows of whole parts that a killed run of the same left; the file is cut after them."""
    wanted = json.dumps(identity, sort_keys=True, default=str)
    same = made_from.is_file() and made_from.read_text(encoding="utf-8") == wanted
    kept = position = 0
    if same:
        file.seek(0)
        for number, line in enumerate(file, start=1):
            position += len(line)
            if number % PART_ROWS == 0 and line.endswith(b"\n"):
                kept, end = number, position
    file.truncate(end if kept else 0)
    file.seek(0, os.SEEK_END)
    if not same:
        made_from.write_text(wanted, encoding="utf-8")
    return kept
