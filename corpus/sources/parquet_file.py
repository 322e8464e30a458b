"""Parquet, read in batches."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.desk import SourceSettings
from corpus.errors import DeskError
from corpus.sources.rows import Row

BATCH_ROWS = 2_000


def read_parquet_rows(path: Path, source: SourceSettings) -> Iterator[tuple[int, Row]]:
    """Rows as column → value, numbered from 1; page checksums are verified."""
    number = 0
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(BATCH_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError) as error:
        raise DeskError(
            f"{path} cannot be read as Parquet after row {number}: {error}",
            "Write the file again (pandas: df.to_parquet), then load it.",
        ) from error
