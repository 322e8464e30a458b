"""Parquet, read in batches."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.errors import DeskError
from corpus.settings.source import SourceSettings
from corpus.sources.rows import Row

BATCH_ROWS = 2_000


def read_parquet_rows(path: Path, source: SourceSettings) -> Iterator[tuple[int, Row]]:
    """Rows as column → value, numbered from 1; page checksums are verified.

    Only the desk's columns are read: others may be huge, or of types that cannot be read.
    """
    number = 0
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            columns = wanted_columns(path, source, file.schema_arrow.names)
            for batch in file.iter_batches(BATCH_ROWS, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError) as error:
        raise DeskError(
            f"{path} cannot be read as Parquet after row {number}: {error}",
            "Write the file again (pandas: df.to_parquet), then load it.",
        ) from error


def wanted_columns(path: Path, source: SourceSettings, known: list[str]) -> list[str]:
    """The names of the desk's columns. Raises DeskError for one that the file has not."""
    asked: list[object] = []
    for value in source.columns.model_dump().values():
        asked += value if isinstance(value, list) else [] if value is None else [value]
    missing = [name for name in asked if name not in known]
    if missing:
        raise DeskError(
            f"Source {str(path)!r} has no column {missing[0]!r} "
            f"(it has: {', '.join(map(repr, known))}).",
            "Correct source.columns in the desk.",
        )
    return [str(name) for name in asked]
