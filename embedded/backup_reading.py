"""Reading a backup that may be damaged, foreign or hostile."""

import hashlib
import json
import os
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from embedded.backup_file import (
    CHUNK_BYTES,
    FORMAT,
    FORMAT_VERSION,
    MANIFEST,
    SQLITE_HEAD,
    Manifest,
    Member,
    belongs,
    is_safe,
)
from embedded.errors import ServiceError
from embedded.snapshot import require_whole

NEXT_STEP = "Take another backup; nothing was changed here."
MANIFEST_MAX_BYTES = 256 << 20
PROGRESS_SECONDS = 2
# What zipfile raises for archives that are not what they say.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


@contextmanager
def opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; ServiceError where the file cannot be read or turns out broken."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except FileNotFoundError as error:
        raise ServiceError(f"The backup {file} is not there.", "Check its name.") from error
    except OSError as error:
        raise ServiceError(
            f"The backup {file} cannot be read or unpacked ({error.strerror or error}).", NEXT_STEP
        ) from error
    except BROKEN as error:
        raise ServiceError(f"The backup {file} is broken: {error}.", NEXT_STEP) from error


def read_manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    """The manifest; ServiceError unless it fits the archive and every name stays in the home."""
    names = archive.namelist()
    if MANIFEST not in names or archive.getinfo(MANIFEST).file_size > MANIFEST_MAX_BYTES:
        raise ServiceError(f"{file} is no backup of Copydesk.", NEXT_STEP)
    manifest = _parsed(archive.read(MANIFEST), file)
    listed = [member.name for member in manifest.members]
    if sorted([*listed, MANIFEST]) != sorted(names) or len(set(names)) != len(names):
        raise ServiceError(f"{file} holds other files than its manifest says.", NEXT_STEP)
    for name in listed:
        if not is_safe(name) or not belongs(name):
            raise ServiceError(
                f"{file} holds a file {name!r}, which no backup of Copydesk would.",
                "Do not use it. Nothing was changed here.",
            )
    return manifest


def unpack(
    archive: zipfile.ZipFile,
    file: Path,
    manifest: Manifest,
    folder: Path,
    say: Callable[[str], None],
) -> None:
    """Every member into the folder, with its size, checksum and, of databases, whole content."""
    total = sum(member.size_bytes for member in manifest.members)
    done, said = 0, time.monotonic()
    for member in manifest.members:
        _unpack_one(archive, file, member, folder)
        done += member.size_bytes
        if time.monotonic() - said > PROGRESS_SECONDS:
            said = time.monotonic()
            say(f"{done / 1e6:.0f} of {total / 1e6:.0f} MB")


def _parsed(text: bytes, file: Path) -> Manifest:
    try:
        found = json.loads(text)
        form, version = found.get("format"), found.get("format_version")
    except (ValueError, AttributeError):
        form = version = None
    if form != FORMAT:
        raise ServiceError(f"{file} is no backup of Copydesk.", NEXT_STEP)
    if version != FORMAT_VERSION:
        raise ServiceError(
            f"{file} has format {version}; this Copydesk reads format {FORMAT_VERSION}.",
            "Restore it with the Copydesk that wrote it.",
        )
    try:
        return Manifest.model_validate(found)
    except ValidationError as error:
        raise ServiceError(f"The manifest of {file} cannot be used.", NEXT_STEP) from error


def _unpack_one(archive: zipfile.ZipFile, file: Path, member: Member, folder: Path) -> None:
    target = folder / member.name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size, head = hashlib.sha256(), 0, b""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle, archive.open(member.name) as source:
        # One byte more than it should have: an archive must not fill the disk.
        while size <= member.size_bytes and (chunk := source.read(CHUNK_BYTES)):
            head = head or chunk[: len(SQLITE_HEAD)]
            digest.update(chunk)
            size += len(chunk)
            handle.write(chunk)
        handle.flush()
        os.fsync(handle.fileno())
    if size != member.size_bytes or digest.hexdigest() != member.sha256:
        raise ServiceError(f"{file} is damaged: {member.name} is not what was saved.", NEXT_STEP)
    if head == SQLITE_HEAD:
        require_whole(target, target)
