"""The file that carries an Argilla server's content: a zip of JSON lines with a manifest.

Members: ``users.jsonl``, ``workspaces.jsonl``, ``datasets.jsonl`` (settings, one data set a line),
``records/NNNN.jsonl`` (one record a line, with its suggestions and everybody's answers), and
``manifest.json`` with the number of lines and the SHA-256 of each. The file is 0600: it holds
names. No password and no API key is in it.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from corpus.errors import DeskError

FORMAT = 1
MANIFEST = "manifest.json"
Row = dict[str, Any]


@dataclass(slots=True)
class ExportWriter:
    """An export that is being written; nothing stands under its final name yet."""

    archive: zipfile.ZipFile
    argilla: str
    members: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write_lines(self, member: str, rows: Iterable[Row]) -> int:
        """Write rows as they come, without holding them; returns how many."""
        lines, digest = 0, hashlib.sha256()
        with self.archive.open(member, "w", force_zip64=True) as file:
            for row in rows:
                line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
                digest.update(line)
                file.write(line)
                lines += 1
        self.members[member] = {"lines": lines, "sha256": digest.hexdigest()}
        return lines

    def write_manifest(self) -> None:
        """Written last: a file without it was never finished."""
        manifest = {
            "format": FORMAT,
            "argilla": self.argilla,
            "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "members": self.members,
        }
        self.archive.writestr(MANIFEST, json.dumps(manifest, indent=2))


@contextmanager
def new_export(file: Path, argilla: str) -> Iterator[ExportWriter]:
    """Write under another name, and move when all is there. Raises DeskError if FILE exists."""
    if file.exists():
        raise DeskError(f"{file} is there already.", "Give another name, or delete it first.")
    unfinished = file.with_name(f".{file.name}.unfinished")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        descriptor = os.open(unfinished, flags, 0o600)
    except OSError as error:
        raise DeskError(
            f"{file} cannot be written: {error.strerror}.", "Give a name in a folder of yours."
        ) from error
    try:
        with (
            os.fdopen(descriptor, "wb") as raw,
            zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            os.fchmod(descriptor, 0o600)
            writer = ExportWriter(archive, argilla)
            yield writer
            writer.write_manifest()
        unfinished.replace(file)
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A finished export whose every line was checked against its manifest."""

    archive: zipfile.ZipFile
    manifest: Row

    def lines(self, member: str) -> Iterator[Row]:
        """The rows of a member, one after the other."""
        with self.archive.open(member) as file:
            for line in file:
                yield json.loads(line)

    def count(self, member: str) -> int:
        """How many rows a member has."""
        lines: int = self.manifest["members"][member]["lines"]
        return lines


@contextmanager
def open_export(file: Path) -> Iterator[ExportFile]:
    """Open and verify an export. Raises DeskError before anything could be done with it."""
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _read_manifest(archive, file)
            for member, expected in manifest["members"].items():
                _verify(archive, member, expected, file)
            yield ExportFile(archive, manifest)
    except OSError as error:
        raise DeskError(
            f"{file} cannot be read: {error.strerror}.", "Give a file of copydesk export-argilla."
        ) from error
    except (zipfile.BadZipFile, EOFError) as error:
        raise _damaged(file, str(error)) from error


def _read_manifest(archive: zipfile.ZipFile, file: Path) -> Row:
    if MANIFEST not in archive.namelist():
        raise DeskError(
            f"{file} is a zip file without {MANIFEST}: not an export, or an unfinished one.",
            "Give a file of copydesk export-argilla.",
        )
    try:
        manifest: Row = json.loads(archive.read(MANIFEST))
        found, members = manifest["format"], manifest["members"]
        named = {*members, MANIFEST} == set(archive.namelist())
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(file, f"{MANIFEST} cannot be read") from error
    if found != FORMAT:
        raise DeskError(
            f"{file} has format {found!r}; this Copydesk reads format {FORMAT}.",
            "Import it with the Copydesk that exported it, or export again with this one.",
        )
    if not named or not {"users.jsonl", "workspaces.jsonl", "datasets.jsonl"} <= set(members):
        raise _damaged(file, "its members are not those of its manifest")
    return manifest


def _verify(archive: zipfile.ZipFile, member: str, expected: Row, file: Path) -> None:
    lines, digest = 0, hashlib.sha256()
    with archive.open(member) as content:
        for line in content:
            digest.update(line)
            lines += 1
    if {"lines": lines, "sha256": digest.hexdigest()} != expected:
        raise _damaged(file, f"{member} is not what was exported")


def _damaged(file: Path, how: str) -> DeskError:
    return DeskError(
        f"{file} is damaged: {how}.", "Copy it again from where it was made, or export again."
    )
