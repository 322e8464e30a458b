"""Which files of a home a backup holds, in the order in which they must be read."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from embedded.backup_file import SQLITE_HEAD, belongs
from embedded.home import Home
from embedded.hub.names import KINDS
from embedded.hub.store import Store

Part = Literal["plain", "repositories", "large", "databases"]
# What points is read before what it points to: the ledger before the Hub's revisions and
# Argilla's answers, git references before large files. The other way round, something written in
# between would be pointed to and missing.
PARTS: tuple[Part, ...] = ("plain", "repositories", "large", "databases")


@dataclass(frozen=True, slots=True)
class HomeFile:
    """A file, its name in the backup, its size when it was listed."""

    path: Path
    name: str
    size_bytes: int
    part: Part


def list_files(home: Home) -> list[HomeFile]:
    """What is there now and belongs into a backup, by name."""
    found = []
    for path in _paths(home):
        name = path.relative_to(home.root).as_posix()
        try:
            if not path.is_symlink() and path.is_file():
                found.append(HomeFile(path, name, _size(path), _part(path, name)))
        except FileNotFoundError:
            # Written under this name first, and moved meanwhile.
            continue
    return found


def list_links(home: Home) -> list[Path]:
    """Symbolic links where files belong: a backup does not follow them."""
    return [path for path in _paths(home) if path.is_symlink()]


@contextmanager
def repositories_locked(home: Home) -> Iterator[None]:
    """No repository of the Hub is committed to, moved or deleted meanwhile."""
    root = home.root / "hub"
    store = Store(root)
    ids = sorted((i for k in KINDS for i in store.repo_ids(k)), key=lambda i: i.full_name)
    with ExitStack() as stack:
        for repo_id in ids:
            stack.enter_context(store.locked(repo_id))
        yield


def _paths(home: Home) -> list[Path]:
    paths = sorted(home.root.rglob("*"))
    return [path for path in paths if belongs(path.relative_to(home.root).as_posix())]


def _part(path: Path, name: str) -> Part:
    if any(name.startswith(f"hub/{kind}/") for kind in KINDS):
        return "repositories"
    if name.startswith("hub/"):
        return "large"
    with path.open("rb") as file:
        return "databases" if file.read(len(SQLITE_HEAD)) == SQLITE_HEAD else "plain"


def _size(path: Path) -> int:
    """Of a database with what still stands in its write-ahead log."""
    log = path.with_name(f"{path.name}-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)
