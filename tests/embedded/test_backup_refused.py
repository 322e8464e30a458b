"""Backups that were changed, cut off or forged are refused, and nothing is touched."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedded.backup import write_backup
from embedded.backup_file import MANIFEST
from embedded.errors import ServiceError
from embedded.home import Home
from embedded.restore import restore_backup
from tests.embedded.conftest import digests


def rewritten(file: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> Path:
    """A copy of a backup whose members or manifest were changed."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(MANIFEST))
    change(members, manifest)
    changed = file.with_name("changed")
    with zipfile.ZipFile(changed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return changed


def tampered(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["argilla-accounts.json"] = members["argilla-accounts.json"].replace(b"k", b"x")


def one_more(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["more"] = b"x"


def one_less(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del members["argilla-accounts.json"]


def newer(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["format_version"] = 2


def foreign(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["format"] = "other"


def listed(members: dict[str, bytes], manifest: dict[str, Any], name: str, content: bytes) -> None:
    members[name] = content
    digest = hashlib.sha256(content).hexdigest()
    manifest["members"].append({"name": name, "size_bytes": len(content), "sha256": digest})


def outside(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    listed(members, manifest, "../outside", b"x")


def absolute(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    listed(members, manifest, "/tmp/outside", b"x")


def config(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    listed(members, manifest, "supervisord.conf", b"[program:x]")


def damaged_database(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    content = members["argilla/argilla.db"]
    listed(members, manifest, "argilla/other.db", content[:5000] + b"\xff" * (len(content) - 5000))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (tampered, "argilla-accounts.json is not what was saved"),
        (one_more, "holds other files than its manifest says"),
        (one_less, "holds other files than its manifest says"),
        (newer, "has format 2; this Copydesk reads format 1"),
        (foreign, "is no backup of Copydesk"),
        (outside, r"holds a file '\.\./outside'"),
        (absolute, "holds a file '/tmp/outside'"),
        (config, "holds a file 'supervisord.conf'"),
        (damaged_database, "is damaged"),
    ],
)
def test_a_changed_backup_is_refused_and_nothing_is_touched(
    filled: Home,
    tmp_path: Path,
    change: Callable[[dict[str, bytes], dict[str, Any]], None],
    message: str,
) -> None:
    file = rewritten(write_backup(filled, tmp_path / "b").file, change)
    before, beside = digests(filled.root), sorted(tmp_path.iterdir())
    with pytest.raises(ServiceError, match=message):
        restore_backup(filled, file, replace=True)
    assert digests(filled.root) == before
    assert sorted(tmp_path.iterdir()) == beside


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_half_a_file_is_refused(filled: Home, tmp_path: Path, share: float) -> None:
    whole = write_backup(filled, tmp_path / "b").file.read_bytes()
    half = tmp_path / "half"
    half.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ServiceError, match="is broken"):
        restore_backup(Home(tmp_path / "other"), half)
    assert not (tmp_path / "other").exists()


def test_flipped_bytes_are_found(filled: Home, tmp_path: Path) -> None:
    whole = write_backup(filled, tmp_path / "b").file.read_bytes()
    flipped = tmp_path / "flipped"
    for position in range(100, len(whole) - 4000, max(1, len(whole) // 25)):
        content = bytearray(whole)
        content[position] ^= 0xFF
        flipped.write_bytes(content)
        with zipfile.ZipFile(flipped) as archive:
            ends = [i.header_offset for i in archive.infolist()]
        try:
            restore_backup(Home(tmp_path / "other"), flipped)
        except ServiceError:
            assert not (tmp_path / "other").exists()
        else:
            # In a local header's time or attributes, which nobody reads.
            assert any(0 <= position - start < 60 for start in ends)
            shutil.rmtree(tmp_path / "other")
