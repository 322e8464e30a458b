"""The file of preferences: where it goes, what it may replace, and how it is written."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.review_state import copydesk_home


def export_file(desk: Desk, out: str) -> Path:
    """Where the rows go. Raises DeskError for a folder, and for what no export has written."""
    file = Path(out or f"{copydesk_home()}/preferences/{desk.name}.jsonl")
    if file.is_dir():
        problem = f"{str(file)!r} is a folder; preferences go into a file."
    elif file.exists() and not _is_export(file):
        problem = f"{str(file)!r} is not a file of preferences; only such a file is replaced."
    else:
        return file
    raise DeskError(problem, "Give another file: copydesk answers export --out FILE")


def _is_export(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        with file.open(encoding="utf-8") as lines:
            row = json.loads(lines.readline())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(row, dict) and {"prompt", "chosen", "rejected"} <= row.keys()


@task(cache_policy=NO_CACHE)
def write_rows(file: Path, rows: list[dict[str, Any]]) -> None:
    """The whole file or nothing of it, readable by its owner only: it holds whole articles."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished.touch(0o600)
        unfinished.write_text(lines, encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        raise DeskError(
            f"{str(file)!r} cannot be written: {error.strerror or error}.",
            "Give another file: copydesk answers export --out FILE",
        ) from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
