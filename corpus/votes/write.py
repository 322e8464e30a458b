"""What answers came to, a row a question: Parquet, CSV or JSON lines."""

import csv
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.articles import Span
from corpus.errors import DeskError
from corpus.votes.decided import Decided
from corpus.votes.read import VoteFile

SUFFIXES = (".parquet", ".csv", ".jsonl")
# Kinds of ids that JSON has, and CSV means the same by; not times and bytes of Parquet.
PLAIN = {str, int, float, bool}
ANSWER = {"topics": "label", "labels": "label", "spans": "spans"}


def require_out(out: Path, source: Path) -> None:
    """DeskError unless the result can be written there; before the work."""
    if out.suffix.lower() not in SUFFIXES:
        raise DeskError(f"--out {out} has none of the suffixes {', '.join(SUFFIXES)}.", "Add one.")
    if out.exists() and (out.is_dir() or out.samefile(source)):
        raise DeskError(f"--out {out} is a folder or FILE itself.", "Give --out another name.")
    if not out.absolute().parent.is_dir():
        raise DeskError(f"--out {out}: its folder is not there.", f"mkdir -p {out.parent}")


def write_decided(decided: Sequence[Decided[Any]], file: VoteFile[Any], out: Path) -> None:
    """The file is there whole or not at all."""
    has_question = any(d.unit[1] for d in decided)
    suffix = out.suffix.lower()
    ids = file.ids if _are_kept(file.ids, suffix) else {name: name for name in file.ids}
    rows = [decided_row(d, ids, ANSWER[file.kind], has_question) for d in decided]
    unfinished = out.with_name(f".{out.name}.unfinished")
    try:
        _write(rows, unfinished, suffix)
        os.replace(unfinished, out)
    except OSError as error:
        raise DeskError(
            f"--out {out} cannot be written: {error}", "Choose another place."
        ) from error
    except (pa.ArrowException, OverflowError) as error:
        raise DeskError(
            f"--out {out} cannot hold what was answered: {error}.",
            "Choose a name that ends in .jsonl or .csv, which hold numbers of any size.",
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _are_kept(ids: Mapping[str, Any], suffix: str) -> bool:
    """Whether the form holds ids as they stand in the file; else they are written as text."""
    kinds = {type(value) for value in ids.values()}
    return len(kinds) == 1 and (suffix == ".parquet" or kinds <= PLAIN)


def decided_row(
    decided: Decided[Any], ids: Mapping[str, Any], answer: str, has_question: bool
) -> dict[str, Any]:
    """``probability`` is that of the label, of a set that of its least probable member; null for a
    tie and for an empty set. ``candidates`` are all with theirs.
    """
    item, question = decided.unit
    chosen = decided.value
    members = [] if chosen is None else [chosen] if isinstance(chosen, str) else sorted(chosen)
    plain = None if chosen is None else chosen if isinstance(chosen, str) else _plain(members)
    return {
        "item_id": ids[item],
        **({"question": question} if has_question else {}),
        answer: plain,
        "rule": decided.rule,
        "answers": decided.answers,
        "probability": min((decided.probabilities[m] for m in members), default=None),
        "candidates": [
            {**_candidate(c), "probability": p} for c, p in decided.probabilities.items()
        ],
    }


def _plain(members: Sequence[Span | str]) -> list[Any]:
    return [asdict(m) if isinstance(m, Span) else m for m in members]


def _candidate(candidate: Any) -> dict[str, Any]:
    return asdict(candidate) if isinstance(candidate, Span) else {"label": candidate}


def _write(rows: Sequence[Mapping[str, Any]], out: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(list(rows)), out)
        return
    with out.open("w", encoding="utf-8", newline="") as file:
        if suffix == ".jsonl":
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            return
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _cell(value) for name, value in row.items()})


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
