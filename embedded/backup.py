"""`copydesk backup`: everything in a home into one file, while services run."""

import hashlib
import importlib.metadata
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil

from embedded.backup_file import (
    CHUNK_BYTES,
    FORMAT,
    FORMAT_VERSION,
    LEFT_OUT,
    MANIFEST,
    Manifest,
    Member,
)
from embedded.errors import ServiceError
from embedded.home import Home
from embedded.home_files import PARTS, HomeFile, list_files, list_links, repositories_locked
from embedded.room import require_room
from embedded.snapshot import copy_database

PROGRESS_SECONDS = 2


@dataclass(frozen=True, slots=True)
class BackupReport:
    """Where the backup is, and what is in it."""

    file: Path
    size_bytes: int
    members: int


@dataclass(slots=True)
class Progress:
    """Says every few seconds how much is done."""

    total_bytes: int
    say: Callable[[str], None]
    done_bytes: int = 0
    said: float = field(default_factory=time.monotonic)

    def show(self, did: str, name: str, so_far_bytes: int) -> None:
        """``so_far_bytes`` of the present file, beside all that are done."""
        if time.monotonic() - self.said < PROGRESS_SECONDS:
            return
        self.said = time.monotonic()
        done = (self.done_bytes + so_far_bytes) / 1e6
        self.say(f"{did} {done:.0f} of {self.total_bytes / 1e6:.0f} MB ({name})")


def write_backup(
    home: Home,
    file: Path,
    overwrite: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> BackupReport:
    """Write a backup of a home; the file (0600) is there whole or not at all.

    Raises ServiceError where nothing is to be saved, the file is there or lies in the home, the
    disk is too small, or a database is damaged.
    """
    file = file.absolute()
    files = list_files(home) if home.root.exists() else []
    _refuse(home, file, overwrite, files)
    total = sum(item.size_bytes for item in files)
    needed = total + max(item.size_bytes for item in files)
    require_room(file.parent, needed, "A backup may need", "name a file on another disk.")
    for link in list_links(home):
        say(f"Left out, a symbolic link: {link}")
    say(f"Saving {total / 1e6:.1f} MB of {home.root}")
    with _unfinished(file) as temporary:
        members = _write(home, temporary, Progress(total, say))
        temporary.replace(file)
    return BackupReport(file, file.stat().st_size, members)


def _refuse(home: Home, file: Path, overwrite: bool, files: list[HomeFile]) -> None:
    if not files:
        raise ServiceError(
            f"There is nothing to save in {home.root}.", "Set COPYDESK_HOME, or run copydesk up."
        )
    database = home.root / "argilla" / "argilla.db"
    if "argilla" in home.read_services().get("ports", {}) and not database.is_file():
        raise ServiceError(
            f"Argilla was started in {home.root}, and its database {database} is not there.",
            "Find it first: a backup without it would hold no records and no answers.",
        )
    if file.resolve().is_relative_to(home.root.resolve()):
        raise ServiceError(
            f"{file} lies in COPYDESK_HOME, which it is a backup of.",
            "Name a file outside of it, best on another disk.",
        )
    if file.exists() and not overwrite:
        raise ServiceError(
            f"{file} is there already.", "Name another file, or give --overwrite to replace it."
        )
    if not file.parent.is_dir():
        raise ServiceError(f"The folder {file.parent} is not there.", "Make it first.")


@contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    """A private name beside the file, and no trace of it when something fails."""
    for left in file.parent.glob(f".{file.name}.*.unfinished*"):
        pid = left.name.removeprefix(f".{file.name}.").split(".")[0]
        if not pid.isdecimal() or not psutil.pid_exists(int(pid)):
            left.unlink(missing_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
    try:
        yield temporary
    except OSError as error:
        raise ServiceError(
            f"The backup {file} cannot be written: {error.strerror or error}.",
            "Name a file on another disk, or in a folder you may write to.",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _write(home: Home, temporary: Path, progress: Progress) -> int:
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            members = list(_add_all(home, archive, temporary, progress))
            text = _manifest(members).model_dump_json(indent=1)
            archive.writestr(MANIFEST, text)
        handle.flush()
        os.fsync(handle.fileno())
    return len(members)


def _manifest(members: list[Member]) -> Manifest:
    return Manifest(
        format=FORMAT,
        format_version=FORMAT_VERSION,
        copydesk=importlib.metadata.version("copydesk"),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        left_out=LEFT_OUT,
        members=tuple(members),
    )


def _add_all(
    home: Home, archive: zipfile.ZipFile, temporary: Path, progress: Progress
) -> Iterator[Member]:
    for part in PARTS:
        with repositories_locked(home) if part == "repositories" else nullcontext():
            for item in [found for found in list_files(home) if found.part == part]:
                if part == "databases":
                    yield _add_database(archive, item, temporary, progress)
                elif item.path.exists():
                    yield _add(archive, item, item.path, progress)
                progress.done_bytes += item.size_bytes


def _add_database(
    archive: zipfile.ZipFile, item: HomeFile, temporary: Path, progress: Progress
) -> Member:
    copy = temporary.with_name(f"{temporary.name}.db")
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        copy_database(item.path, copy, lambda size: progress.show("copied", item.name, size))
        return _add(archive, item, copy, progress)
    finally:
        copy.unlink(missing_ok=True)


def _add(archive: zipfile.ZipFile, item: HomeFile, path: Path, progress: Progress) -> Member:
    digest, size = hashlib.sha256(), 0
    # Large files of the Hub hardly get smaller; an info of its own is stored as it is.
    entry = zipfile.ZipInfo(item.name) if item.part == "large" else item.name
    with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
            progress.show("packed", item.name, size)
    return Member(name=item.name, size_bytes=size, sha256=digest.hexdigest())
