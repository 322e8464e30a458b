"""What a frozen encoder said of texts, kept on disk: the next round pays for the heads alone.

Vectors lie in shards under ``folder``/``revision``; a shard is a matrix of float16 or float32 and
an index, each written beside its place and renamed, the index last. A shard never changes, so any
number of processes may read and write at once; at worst two of them keep the same. Above the
limit the shards that were not used for the longest time are deleted.
"""

import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from corpus.errors import DeskError
from corpus.review_state import copydesk_home

GIGABYTE = 1 << 30
LIMIT_VARIABLE, LIMIT_GIGABYTES = "COPYDESK_EMBEDDINGS_GB", 4.0
INDEX = np.dtype([("key", "S16"), ("start", "<i8"), ("rows", "<i8")])
INDEX_SUFFIX, MATRIX_SUFFIX = ".index.npy", ".matrix.npy"

Key = bytes


@dataclass(frozen=True, slots=True)
class _Place:
    shard: Path
    start: int
    rows: int


@dataclass
class VectorCache:
    """Key → a (rows × width) matrix, of one encoder; ``dtype`` is that of the files."""

    root: Path
    revision: str
    dtype: str = "float16"
    limit_bytes: int = int(LIMIT_GIGABYTES * GIGABYTE)
    _places: dict[Key, _Place] = field(default_factory=dict)
    _matrices: dict[Path, np.ndarray] = field(default_factory=dict)
    _known: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.refresh()

    @property
    def folder(self) -> Path:
        """Of this encoder and type."""
        return self.root / f"{self.revision}-{self.dtype}"

    def refresh(self) -> None:
        """Learn of the shards that were written since, also by other processes."""
        for index in sorted(self.folder.glob(f"*{INDEX_SUFFIX}")):
            if index in self._known:
                continue
            self._known.add(index)
            shard = index.with_name(index.name.removesuffix(INDEX_SUFFIX) + MATRIX_SUFFIX)
            # Deleted, or cut short by a full disk: what it held is computed again.
            with suppress(OSError, ValueError, EOFError):
                entries = np.load(index)
                if entries.dtype == INDEX:
                    for key, start, rows in entries.tolist():
                        self._places[key.ljust(16, b"\0")] = _Place(shard, start, rows)

    def __contains__(self, key: Key) -> bool:
        return key in self._places

    def get(self, key: Key) -> np.ndarray | None:
        """The matrix as it was kept, mapped from disk; None where it is not there any more."""
        place = self._places.get(key)
        if place is None:
            return None
        matrix = self._matrices.get(place.shard)
        if matrix is None:
            matrix = self._open(place.shard)
        if matrix is None or place.start + place.rows > len(matrix):
            del self._places[key]
            return None
        return matrix[place.start : place.start + place.rows]

    def put(self, found: Mapping[Key, np.ndarray]) -> None:
        """Keep these as one shard; nothing where they alone exceed the limit."""
        if not found:
            return
        matrix = np.concatenate([np.asarray(v, dtype=self.dtype) for v in found.values()])
        if matrix.nbytes > self.limit_bytes:
            return
        rows = np.array([len(v) for v in found.values()])
        entries = np.zeros(len(found), dtype=INDEX)
        entries["key"] = list(found)
        entries["rows"] = rows
        entries["start"] = np.concatenate([[0], np.cumsum(rows)[:-1]])
        self._make_room(matrix.nbytes)
        name = uuid.uuid4().hex
        shard, index = (self.folder / (name + s) for s in (MATRIX_SUFFIX, INDEX_SUFFIX))
        _write(shard, matrix)
        _write(index, entries)
        self._known.add(index)
        for key, entry in zip(found, entries, strict=True):
            self._places[key] = _Place(shard, int(entry["start"]), int(entry["rows"]))

    def _open(self, shard: Path) -> np.ndarray | None:
        try:
            matrix: np.ndarray = np.load(shard, mmap_mode="r")
            # The time of its last use, by which shards are deleted.
            os.utime(shard)
        except (OSError, ValueError, EOFError):
            return None
        self._matrices[shard] = matrix
        return matrix

    def _make_room(self, wanted: int) -> None:
        """Delete shards of any encoder, those first that were not used for the longest time."""
        files = []
        for file in self.root.glob(f"*/*{MATRIX_SUFFIX}"):
            with suppress(FileNotFoundError):
                found = file.stat()
                files.append((found.st_mtime, found.st_size, file))
        used = sum(size for _, size, _ in files)
        for _, size, file in sorted(files):
            if used + wanted <= self.limit_bytes:
                return
            index = file.with_name(file.name.removesuffix(MATRIX_SUFFIX) + INDEX_SUFFIX)
            index.unlink(missing_ok=True)
            file.unlink(missing_ok=True)
            used -= size


def cache_root() -> Path:
    """COPYDESK_HOME/embeddings."""
    return Path(copydesk_home()) / "embeddings"


def limit_bytes() -> int:
    """COPYDESK_EMBEDDINGS_GB, by default 4; DeskError where it is no number."""
    given = os.environ.get(LIMIT_VARIABLE) or str(LIMIT_GIGABYTES)
    try:
        gigabytes = float(given)
        if not 0 <= gigabytes < 1e6:
            raise ValueError(given)
    except ValueError as error:
        raise DeskError(
            f"{LIMIT_VARIABLE} is {given!r}, not a number of gigabytes.",
            f"For example {LIMIT_VARIABLE}=4; 0 keeps nothing.",
        ) from error
    return int(gigabytes * GIGABYTE)


def _write(file: Path, array: np.ndarray) -> None:
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with beside.open("wb") as target:
            np.save(target, array)
            target.flush()
            os.fsync(target.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
