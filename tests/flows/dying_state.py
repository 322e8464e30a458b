"""File systems for ``state:`` on which a chosen write is the last one, or lets another come first.

``dying://`` is the local disk, where a move is one step. ``torn://`` moves by copying, and both its
writes and its copies end in the middle.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import fsspec
from fsspec.implementations.local import LocalFileSystem


class KilledError(BaseException):
    """No code that cleans up after errors catches this: what is on the disk stays as it is."""


def die() -> None:
    """The default of what happens at the chosen write."""
    raise KilledError


class DyingFileSystem(LocalFileSystem):  # type: ignore[misc]
    """Counts writes; at number ``at`` (from 1) it calls ``event`` before it writes."""

    protocol: ClassVar[Any] = "dying"
    cachable = False
    writes: ClassVar[int] = 0
    at: ClassVar[int] = 0
    event: ClassVar[Callable[[], None]] = die

    @classmethod
    def plan(cls, at: int, event: Callable[[], None] = die) -> None:
        """Begin to count anew."""
        DyingFileSystem.writes, DyingFileSystem.at = 0, at
        DyingFileSystem.event = staticmethod(event)  # type: ignore[assignment]

    def pipe_file(self, path: str, value: bytes, **options: Any) -> None:
        self._count(lambda: self._write(path, value[: len(value) // 2]))
        self._write(path, value)

    def mv(self, path1: str, path2: str, **options: Any) -> None:
        self._count(lambda: None)
        super().mv(path1, path2, **options)

    def _write(self, path: str, value: bytes) -> None:
        with self.open(path, "wb") as file:
            file.write(value)

    def _count(self, half: Callable[[], None]) -> None:
        DyingFileSystem.writes += 1
        if DyingFileSystem.writes == DyingFileSystem.at:
            if DyingFileSystem.event is die:
                half()
            DyingFileSystem.event()


class TornFileSystem(DyingFileSystem):
    """Moves as file systems do that know no renaming: it copies, then removes."""

    protocol: ClassVar[Any] = "torn"

    def mv(self, path1: str, path2: str, **options: Any) -> None:
        content = self.cat_file(path1)
        self._count(lambda: self._write(path2, content[: len(content) // 2]))
        self._write(path2, content)
        self._count(lambda: None)
        self.rm_file(path1)


def register() -> None:
    """Let addresses name them."""
    fsspec.register_implementation("dying", DyingFileSystem, clobber=True)
    fsspec.register_implementation("torn", TornFileSystem, clobber=True)
