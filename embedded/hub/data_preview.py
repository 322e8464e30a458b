"""What the page of a data set shows of its rows: a split, its first rows, its labels."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dulwich.repo import Repo

from embedded.hub.blobs import BlobStore
from embedded.hub.git_read import Entry, read_blob
from embedded.hub.labels import LabelCounts, count_labels
from embedded.hub.preview import Table, find_row, read_table
from embedded.hub.splits import Split, chosen_split, splits_of

logger = logging.getLogger(__name__)
# Of a split with more shards the first are looked at; its rows are then said to be "at least".
SHARDS_READ = 20
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Preview:
    """`configs` in the order of the card; `splits` are those of the chosen configuration.

    `missing`: what was looked for and is in no row.
    """

    configs: tuple[str, ...]
    splits: tuple[Split, ...]
    chosen: Split
    table: Table
    counts: LabelCounts
    is_all: bool
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see; None is for what comes first.

    `row` counts from 0 and is looked for in the first shard; `where` is a column and its value.
    """

    config: str | None = None
    split: str | None = None
    row: int = 0
    where: tuple[str, str] | None = None


def data_preview(
    blobs: BlobStore,
    repo: Repo,
    entries: Sequence[Entry],
    metadata: dict[str, Any],
    wanted: Wanted,
) -> Preview | None:
    """Of the wanted configuration and split; None where there is no Parquet that can be read."""
    by_path = {entry.path: entry for entry in entries}
    splits = splits_of(metadata, list(by_path))
    chosen = chosen_split(splits, wanted.config, wanted.split)
    if chosen is None:
        return None
    shards = [content_of(blobs, repo, by_path[path]) for path in chosen.paths[:SHARDS_READ]]
    found = None if wanted.where is None else _table_where(shards, chosen, wanted.where)
    table = found or table_of(shards[0], chosen.paths[0], wanted.row)
    counts = None if table is None else counts_of(shards, chosen)
    if table is None or counts is None:
        return None
    return Preview(
        tuple(dict.fromkeys(split.config for split in splits)),
        tuple(split for split in splits if split.config == chosen.config),
        chosen,
        table,
        counts,
        len(shards) == len(chosen.paths),
        missing="" if found or wanted.where is None else " ".join(wanted.where),
    )


def _table_where(
    shards: Sequence[Path | bytes], chosen: Split, where: tuple[str, str]
) -> Table | None:
    """The rows from the first one that has this value in this column; None where none has it."""
    before = 0
    for shard, path in zip(shards, chosen.paths, strict=False):
        row, rows = _read(partial(find_row, shard, *where), path) or (None, 0)
        if row is not None:
            table = table_of(shard, path, row)
            return table and replace(table, first_row=before + row)
        before += rows
    return None


def content_of(blobs: BlobStore, repo: Repo, entry: Entry) -> Path | bytes:
    """Where a large file lies, or the bytes of an ordinary one."""
    return blobs.path(entry.pointer.sha256) if entry.pointer else read_blob(repo, entry.oid)


def table_of(source: Path | bytes, path: str, row: int = 0) -> Table | None:
    """None for a file that is no Parquet in spite of its name: the page then offers it as it is."""
    return _read(lambda: read_table(source, row), path)


def counts_of(shards: Sequence[Path | bytes], chosen: Split) -> LabelCounts | None:
    """None where one of the shards cannot be read."""
    return _read(lambda: count_labels(shards), f"{chosen.config}, {chosen.name}")


def _read(read: Callable[[], T], what: str) -> T | None:
    from pyarrow import ArrowException

    try:
        return read()
    except (ArrowException, OSError, ValueError) as error:
        logger.warning("No preview of %s: %s", what, error)
        return None
