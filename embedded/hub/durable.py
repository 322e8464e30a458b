"""Files that are there in full or not at all, also after a power cut, as far as fsync promises."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path
from typing import cast


@contextmanager
def scratch(folder: Path, prefix: str = "tmp_") -> Iterator[BufferedRandom]:
    """A named file to write and read; whatever `place` has not moved is gone afterwards."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=prefix, delete=False) as file:
        try:
            yield cast(BufferedRandom, file)
        finally:
            Path(file.name).unlink(missing_ok=True)


def place(file: BufferedRandom, final: Path) -> None:
    """Moves a file of `scratch` to its name on the same file system, replacing what is there."""
    file.flush()
    os.fsync(file.fileno())
    make_folder(final.parent)
    os.replace(file.name, final)
    sync_folder(final.parent)


def make_folder(folder: Path) -> None:
    """Makes a folder with its parents; the entry of each new one is on disk."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Puts the names in a folder on disk: files renamed into it, removed, or made."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(top: Path) -> None:
    """Puts every file and folder below `top` on disk."""
    for folder, _, names in os.walk(top):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(folder))
