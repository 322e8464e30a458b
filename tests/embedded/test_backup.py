"""What a backup holds, where it can go, and how it moves into a home."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.commands import app
from embedded.backup import write_backup
from embedded.backup_file import MANIFEST
from embedded.errors import ServiceError
from embedded.home import Home, read_json, write_private
from embedded.processes import marked_processes
from embedded.programs import PROJECT
from embedded.restore import restore_backup
from embedded.services import start, status, stop
from embedded.status import manager_status
from tests.embedded.conftest import digests


def test_what_is_saved_and_what_is_left_out(filled: Home, tmp_path: Path) -> None:
    (filled.root / "elsewhere").symlink_to(tmp_path)
    said: list[str] = []
    report = write_backup(filled, tmp_path / "b", say=said.append)
    with zipfile.ZipFile(report.file) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        manifest = json.loads(archive.read(MANIFEST))
    assert [line for line in said if "symbolic link" in line]
    assert names.count("argilla/argilla.db") == 1
    assert "hub/models/copydesk/small.git/refs/heads/main" in names
    assert not [n for n in names if n.startswith(("logs/", "hub/locks", "argilla/search"))]
    assert (manifest["format"], manifest["format_version"]) == ("copydesk-backup", 1)
    assert {m["name"] for m in manifest["members"]} == {*names} - {MANIFEST}
    other = Home(tmp_path / "other")
    restore_backup(other, report.file)
    with closing(sqlite3.connect(other.root / "argilla" / "argilla.db")) as db:
        assert db.execute("SELECT min(rowid), count(*) FROM t").fetchone() == (501, 500)


def test_a_database_in_use_is_copied_with_what_stands_in_its_log(
    filled: Home, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(filled.root / "argilla" / "argilla.db")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("INSERT INTO t VALUES (-1)")
        db.commit()
        db.execute("INSERT INTO t VALUES (-2)")
        write_backup(filled, tmp_path / "b")
        db.commit()
    other = Home(tmp_path / "other")
    restore_backup(other, tmp_path / "b")
    with closing(sqlite3.connect(other.root / "argilla" / "argilla.db")) as db:
        assert db.execute("SELECT x FROM t WHERE x < 0").fetchall() == [(-1,)]


def test_a_home_with_data_is_replaced_only_when_asked_and_kept_aside(
    filled: Home, tmp_path: Path
) -> None:
    file = write_backup(filled, tmp_path / "b").file
    write_private(filled.accounts, json.dumps({"owner": {"api_key": "newer"}}))
    with pytest.raises(ServiceError, match="holds data already"):
        restore_backup(filled, file)
    assert read_json(filled.accounts)["owner"]["api_key"] == "newer"
    report = restore_backup(filled, file, replace=True)
    assert read_json(filled.accounts)["owner"]["api_key"] == "k"
    assert report.kept_aside is not None
    assert read_json(Home(report.kept_aside).accounts)["owner"]["api_key"] == "newer"


@pytest.mark.services
def test_restore_stops_the_services_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_ENDPOINT", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    home = Home(tmp_path / "home")
    said: list[str] = []
    try:
        start(home, services=("hub",))
        file = write_backup(home, tmp_path / "b").file
        restore_backup(home, file, replace=True, say=said.append)
        assert marked_processes(home) == []
        assert "Stopping the services of this home" in said
        monkeypatch.setenv("COPYDESK_HOME", str(home.root))
        told = CliRunner().invoke(app, ["status"])
        assert told.exit_code == 3
        first, second, *_ = told.stdout.splitlines()
        assert first == "This data was restored and was never started here: copydesk up"
        assert second == "It will run hub, and build the search index again."
        assert "not ok" not in told.stdout
        ((line,), manager) = status(home), manager_status(home)
        assert (line.state, manager.state) == ("NEVER STARTED", "never started")
        start(home, services=("hub",))
        assert [line.healthy for line in status(home)] == [True]
        stop(home)
        assert manager_status(home).state == "down"
    finally:
        stop(home)


def test_where_a_backup_cannot_go(
    filled: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ServiceError, match="lies in COPYDESK_HOME"):
        write_backup(filled, filled.root / "b")
    with pytest.raises(ServiceError, match="is not there"):
        write_backup(filled, tmp_path / "none" / "b")
    with pytest.raises(ServiceError, match="nothing to save"):
        write_backup(Home(tmp_path / "empty"), tmp_path / "b")
    write_backup(filled, tmp_path / "b")
    with pytest.raises(ServiceError, match="is there already"):
        write_backup(filled, tmp_path / "b")
    # What a killed backup left is cleared away by the next.
    (tmp_path / ".b.999999999.unfinished").write_text("half")
    write_backup(filled, tmp_path / "b", overwrite=True)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".b")] == []
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(ServiceError, match=r"A backup may need .* and 0 MB are free"):
        write_backup(filled, tmp_path / "c")
    with pytest.raises(ServiceError, match=r"This backup needs .* and 0 MB are free"):
        restore_backup(Home(tmp_path / "other"), tmp_path / "b")


def test_a_damaged_database_makes_no_backup(filled: Home, tmp_path: Path) -> None:
    database = filled.root / "argilla" / "argilla.db"
    content = database.read_bytes()
    database.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(ServiceError, match=r"argilla\.db"):
        write_backup(filled, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def killed_halfway(home: Home, *arguments: str, sign: Callable[[], bool]) -> None:
    """Run a command, and kill it as soon as the sign is seen."""
    environment = {**os.environ, "COPYDESK_HOME": str(home.root)}
    command = [sys.executable, "-m", "copydesk", *arguments]
    with subprocess.Popen(
        command, env=environment, cwd=PROJECT, stderr=subprocess.DEVNULL
    ) as running:
        while not sign():
            assert running.poll() is None, "it was done before it could be killed"
            time.sleep(0.005)
        running.kill()


def test_a_backup_or_restore_killed_in_the_middle_changes_nothing(
    filled: Home, tmp_path: Path
) -> None:
    (filled.root / "state").mkdir()
    (filled.root / "state" / "large").write_bytes(os.urandom(80_000_000))
    before = digests(filled.root)
    killed_halfway(
        filled, "backup", str(tmp_path / "b"), sign=lambda: bool(list(tmp_path.glob(".b.*")))
    )
    assert not (tmp_path / "b").exists()
    file = write_backup(filled, tmp_path / "b").file
    assert list(tmp_path.glob(".b.*")) == []
    killed_halfway(
        filled,
        "restore",
        str(file),
        "--replace",
        sign=lambda: bool(list(tmp_path.glob("home.restoring-*/*"))),
    )
    assert digests(filled.root) == before
    restore_backup(filled, file, replace=True)
    assert list(tmp_path.glob("home.restoring-*")) == []
    assert (filled.root / "state" / "large").stat().st_size == 80_000_000
