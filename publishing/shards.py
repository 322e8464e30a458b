"""One configuration of a data set on disk: Parquet files of bounded size for each split."""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import ClassLabel, Dataset, Features, List
from datasets.table import InMemoryTable

log = logging.getLogger(__name__)

Row = dict[str, Any]

SHARD_MAX_ROWS = 50_000
# Rows that are Python objects at the same time.
BLOCK_ROWS = 1000
# As Arrow in memory; compressed it is a half or less.
SHARD_MAX_BYTES = 100_000_000
# Larger rows are cut short in the Hub's viewer; load_dataset reads them all the same.
VIEWER_MAX_ROW_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class WrittenConfig:
    """A configuration on disk: ``folder``/{split}-*.parquet, of the splits that have rows.

    ``memory_bytes`` is what a split takes as Arrow, ``file_bytes`` what is downloaded of all.
    """

    name: str
    folder: str
    features: Features
    rows: dict[str, int]
    memory_bytes: dict[str, int]
    file_bytes: int


def write_config(
    name: str,
    features: Features,
    splits: Mapping[str, Iterable[Row]],
    folder: Path,
    subfolder: str,
) -> WrittenConfig:
    """Write the splits that have rows; equal rows give equal bytes.

    A split without rows gets no file: readers cannot tell an empty Parquet from a broken one.
    """
    (folder / subfolder).mkdir(parents=True, exist_ok=True)
    counts, sizes, on_disk = {}, {}, 0
    for split, given in splits.items():
        data = _to_dataset(name, features, given)
        if data is None:
            continue
        rows = counts[split] = len(data)
        sizes[split] = data.data.nbytes
        shards = shard_count(rows, data.data.nbytes)
        for i in range(shards):
            part = data.select(range(i * rows // shards, (i + 1) * rows // shards))
            file = folder / subfolder / f"{split}-{i:05d}-of-{shards:05d}.parquet"
            part.to_parquet(str(file))
            on_disk += file.stat().st_size
    return WrittenConfig(name, subfolder, features, counts, sizes, on_disk)


def shard_count(rows: int, memory_bytes: int) -> int:
    """Into how many files of about equal numbers of rows a split goes."""
    return min(rows, max(-(-rows // SHARD_MAX_ROWS), -(-memory_bytes // SHARD_MAX_BYTES)))


def _to_dataset(config: str, features: Features, rows: Iterable[Row]) -> Dataset | None:
    """Rows as columns, a block at a time; None without any. Classes may be given by name."""
    blocks = []
    remaining = iter(rows)
    while block := list(islice(remaining, BLOCK_ROWS)):
        _report_large_rows(config, block)
        columns = {key: _encoded(features[key], [row[key] for row in block]) for key in features}
        blocks.append(pa.table(columns, schema=features.arrow_schema))
    if not blocks:
        return None
    return Dataset(InMemoryTable(pa.concat_tables(blocks).combine_chunks()))


def _encoded(feature: Any, values: list[Any]) -> list[Any]:
    """Names of classes, alone or in lists, as their numbers; other values as they are."""
    kind = feature.feature if isinstance(feature, List) else feature
    if not isinstance(kind, ClassLabel):
        return values
    number = {name: i for i, name in enumerate(kind.names)} | {None: None}
    if kind is feature:
        return [number[value] for value in values]
    return [None if items is None else [number[item] for item in items] for items in values]


def _report_large_rows(config: str, rows: list[Row]) -> None:
    for row in rows:
        size = len(json.dumps(row, ensure_ascii=False, default=str).encode())
        if size > VIEWER_MAX_ROW_BYTES:
            log.warning(
                "row %s of configuration %r has %.1f MB: the Hub's viewer cuts rows of more than "
                "%.0f MB short; leave the article out of the source if that matters",
                row.get("id") or row.get("article_id"),
                config,
                size / 1e6,
                VIEWER_MAX_ROW_BYTES / 1e6,
            )
