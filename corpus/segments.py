"""Append-only Parquet segments and small notes in one folder behind an fsspec address.

A segment is written under another name first and then moved. Where a file system moves by copying,
a killed writer may leave half of one: a segment's name holds the hash of its content, and what does
not keep to it is not read. A second run finds what is missing and appends it.
"""

import copy
import hashlib
import json
import logging
import secrets
from collections.abc import Collection, Iterator
from typing import Any, Self

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from fsspec.spec import AbstractFileSystem

from corpus.errors import DeskError

log = logging.getLogger(__name__)
STREAMED_ROWS = 500
SUFFIX = ".parquet"


class Segments:
    """The folder of one desk: a subfolder of numbered segments for each kind of rows."""

    def __init__(self, address: str, desk: str) -> None:
        try:
            self.fs, root = fsspec.core.url_to_fs(address)
            self.root = f"{root.rstrip('/')}/{desk}"
            self.fs.makedirs(self.root, exist_ok=True)
        except OSError as error:
            raise DeskError(
                f"State {address!r} cannot be written: {error.strerror or error}.",
                "Set `state:` of the desk (or COPYDESK_HOME) to a folder you may write to.",
            ) from error
        except (ImportError, ValueError) as error:
            raise DeskError(
                f"State {address!r} cannot be opened: {error}.",
                "Install what its scheme needs (s3fs for s3://), or set `state:` to a folder.",
            ) from error

    def beside(self, suffix: str) -> Self:
        """The ledger of what belongs to this desk and has an Argilla data set of its own."""
        other = copy.copy(self)
        other.root = f"{self.root}{suffix}"
        return other

    def rows(self, kind: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
        """Every row of this kind, in the order of appending; of ``columns`` those that it has."""
        return [row for path in self.segments(kind) for row in self.rows_of(path, columns)]

    def stream(self, kind: str) -> Iterator[dict[str, Any]]:
        """The same, a batch of rows in memory at a time."""
        for path in self.segments(kind):
            if (data := self._read(path)) is not None:
                for batch in pq.ParquetFile(pa.BufferReader(data)).iter_batches(STREAMED_ROWS):
                    yield from batch.to_pylist()

    def segments(self, kind: str) -> list[str]:
        """Their paths, in the order of appending. What a path holds never changes."""
        self.fs.invalidate_cache()
        # Not by glob: a folder of the address may have a name that it takes for a pattern.
        try:
            there: list[str] = self.fs.ls(f"{self.root}/{kind}", detail=False)
        except FileNotFoundError:
            return []
        return sorted(path for path in there if path.endswith(SUFFIX))

    def rows_of(self, path: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
        """The rows of one segment; none where it is not what its name says."""
        data = self._read(path)
        if data is None:
            return []
        file = pq.ParquetFile(pa.BufferReader(data))
        there = columns and [name for name in columns if name in file.schema_arrow.names]
        rows: list[dict[str, Any]] = file.read(there).to_pylist()
        return rows

    def rows_with(self, path: str, column: str, values: Collection[str]) -> list[dict[str, Any]]:
        """Those rows of a segment that have one of these values in this column."""
        data = self._read(path)
        if data is None:
            return []
        table = pq.ParquetFile(pa.BufferReader(data)).read()
        wanted = pa.array(sorted(values), type=pa.string())
        rows: list[dict[str, Any]] = table.filter(pc.is_in(table[column], wanted)).to_pylist()
        return rows

    def _read(self, path: str) -> bytes | None:
        data: bytes = self.fs.cat_file(path)
        if path.endswith(_ending(data)):
            return data
        log.warning("%s is not read: a writer was killed, or the file was changed", path)
        return None

    def read_note(self, name: str, empty: Any) -> Any:
        """What was written last under this name, or ``empty``."""
        path = f"{self.root}/{name}.json"
        if not self.fs.exists(path):
            return empty
        try:
            return json.loads(self.fs.cat_file(path))
        except ValueError:
            # Half of it was written; the next pull reads everything.
            return empty

    def write_note(self, name: str, content: Any) -> None:
        """Write JSON in the place of what stood there."""
        self._write(f"{self.root}/{name}.json", json.dumps(content, sort_keys=True).encode())

    def append(self, kind: str, rows: list[dict[str, Any]]) -> None:
        """Append rows as one segment; nothing for no rows."""
        if not rows:
            return
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows), sink)
        data = sink.getvalue().to_pybytes()
        number = len(self.segments(kind))
        self._write(f"{self.root}/{kind}/{number:06d}{_ending(data)}", data)

    def _write(self, path: str, data: bytes) -> None:
        self.fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        # Two writers of one file must not write into one another.
        unfinished = f"{path}.{secrets.token_hex(4)}.unfinished"
        self.fs.pipe_file(unfinished, data)
        self._move(unfinished, path)

    def _move(self, source: str, target: str) -> None:
        """By the file system's own way, or by copying: its mv() would take names for patterns."""
        if type(self.fs).mv is not AbstractFileSystem.mv:
            self.fs.mv(source, target)
            return
        self.fs.cp_file(source, target)
        self.fs.rm_file(source)


def _ending(data: bytes) -> str:
    """Of the name of the segment with this content."""
    return f"-{hashlib.sha256(data).hexdigest()[:12]}{SUFFIX}"
