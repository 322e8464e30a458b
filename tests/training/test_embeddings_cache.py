"""Vectors on disk: exact, bounded, whole, and shared by processes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import DeskError
from training.prediction.cache import VectorCache, limit_bytes

PROJECT = Path(__file__).resolve().parents[2]
WRITER = """
import sys
from pathlib import Path
import numpy as np
from training.prediction.cache import VectorCache
cache = VectorCache(Path(sys.argv[1]), "e")
for number in range(20):
    key = f"{sys.argv[2]}{number:015d}".encode()
    cache.put({key: np.full((number + 1, 8), number), b"shared".ljust(16, b"0"): np.ones((2, 8))})
    cache.refresh()
"""


def key(number: int) -> bytes:
    # Ends in zeros, which NumPy's byte strings drop.
    return number.to_bytes(2, "big").ljust(16, b"\0")


def matrix(number: int, rows: int = 3) -> np.ndarray:
    return np.random.default_rng(number).normal(size=(rows, 8)).astype(np.float16)


def test_what_is_kept_is_found_by_a_later_process(tmp_path: Path) -> None:
    kept = {key(n): matrix(n, 1 + n) for n in range(5)}
    VectorCache(tmp_path, "e").put(kept)
    later = VectorCache(tmp_path, "e")
    for name, vectors in kept.items():
        found = later.get(name)
        assert found is not None and np.array_equal(found, vectors) and found.dtype == np.float16
    assert later.get(key(9)) is None and key(9) not in later
    # Another encoder, and another precision, say other things.
    assert VectorCache(tmp_path, "other").get(key(1)) is None
    assert VectorCache(tmp_path, "e", "float32").get(key(1)) is None


def test_above_the_limit_the_longest_unused_go(tmp_path: Path) -> None:
    size = matrix(0, 100).nbytes
    cache = VectorCache(tmp_path, "e", limit_bytes=int(3.5 * size))
    for number in range(3):
        cache.put({key(number): matrix(number, 100)})
    for age, file in enumerate(sorted(tmp_path.rglob("*.matrix.npy"), key=os.path.getmtime)):
        os.utime(file, (1000 + age, 1000 + age))
    # Reading it is use.
    assert VectorCache(tmp_path, "e").get(key(0)) is not None
    cache.put({key(3): matrix(3, 100)})
    later = VectorCache(tmp_path, "e")
    assert [later.get(key(n)) is not None for n in range(4)] == [True, False, True, True]
    assert sum(f.stat().st_size for f in tmp_path.rglob("*.matrix.npy")) <= 3.5 * size
    # The one that remembers it computes it again.
    assert cache.get(key(1)) is None


def test_more_than_the_limit_at_once_is_not_kept(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, "e", limit_bytes=100)
    cache.put({key(1): matrix(1, 100)})
    assert cache.get(key(1)) is None
    assert not list(tmp_path.rglob("*.npy"))


@pytest.mark.parametrize("damaged", ["index", "matrix"])
def test_what_a_full_disk_cut_short_counts_as_not_there(damaged: str, tmp_path: Path) -> None:
    VectorCache(tmp_path, "e").put({key(1): matrix(1, 50)})
    file = next(tmp_path.rglob(f"*.{damaged}.npy"))
    file.write_bytes(file.read_bytes()[:-20])
    assert VectorCache(tmp_path, "e").get(key(1)) is None


def test_processes_write_at_once(tmp_path: Path) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), letter],
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )
        for letter in "ab"
    ]
    assert [process.wait(120) for process in running] == [0, 0]
    cache = VectorCache(tmp_path, "e")
    for letter in "ab":
        for number in range(20):
            found = cache.get(f"{letter}{number:015d}".encode())
            assert found is not None and np.array_equal(found, np.full((number + 1, 8), number))
    assert not [file for file in tmp_path.rglob("*") if file.name.startswith(".")]


def test_the_limit_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPYDESK_EMBEDDINGS_GB", "0.5")
    assert limit_bytes() == 1 << 29
    monkeypatch.setenv("COPYDESK_EMBEDDINGS_GB", "many")
    with pytest.raises(DeskError, match="'many', not a number"):
        limit_bytes()
