"""Files of bounded size, and rows that the Hub's viewer would cut short."""

import logging
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from datasets import Features, Value

from publishing import shards
from publishing.shards import SHARD_MAX_BYTES, SHARD_MAX_ROWS, shard_count, write_config

FEATURES = Features({"id": Value("string"), "text": Value("string")})


def rows(count: int, characters: int = 10) -> list[dict[str, str]]:
    return [{"id": f"{n:08d}", "text": "w" * characters} for n in range(count)]


@pytest.mark.parametrize(
    ("count", "size", "files"),
    [
        (1, 10, 1),
        (SHARD_MAX_ROWS, 10, 1),
        (SHARD_MAX_ROWS + 1, 10, 2),
        (10, SHARD_MAX_BYTES + 1, 2),
        (2, 10 * SHARD_MAX_BYTES, 2),
    ],
)
def test_rows_and_bytes_decide_how_many_files(count: int, size: int, files: int) -> None:
    assert shard_count(count, size) == files


def test_files_hold_every_row_once_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_MAX_BYTES", 1000)
    config = write_config("default", FEATURES, {"train": rows(101, 40)}, tmp_path, "data")
    files = sorted((tmp_path / "data").iterdir())
    assert config.memory_bytes["train"] > 5 * 1000
    assert [f.name for f in files] == [
        f"train-{n:05d}-of-{len(files):05d}.parquet" for n in range(len(files))
    ]
    tables = [parquet.read_table(file) for file in files]
    assert [i for table in tables for i in table["id"].to_pylist()] == [
        row["id"] for row in rows(101)
    ]
    assert max(table.nbytes for table in tables) <= 1000
    assert max(map(len, tables)) - min(map(len, tables)) <= 1
    assert config.file_bytes == sum(file.stat().st_size for file in files)


def test_a_row_too_large_for_the_viewer_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    several = [*rows(2), {"id": "large", "text": "é" * 1_000_001}]
    with caplog.at_level(logging.WARNING):
        write_config("default", FEATURES, {"train": several}, tmp_path, "data")
    (warning,) = caplog.messages
    assert "row large of configuration 'default' has 2.0 MB" in warning
