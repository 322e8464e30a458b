"""`restore` puts a folder in the place of another only while nothing starts or stops there."""

import errno
import fcntl
import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded import exchange as exchanging
from embedded import restore
from embedded.backup import write_backup
from embedded.errors import ServiceError
from embedded.exchange import exchange
from embedded.home import Home, locked, read_json, write_private
from embedded.restore import restore_backup
from tests.embedded.conftest import digests

WAIT_SECONDS = 30


@pytest.fixture
def changed(filled: Home, tmp_path: Path) -> Path:
    """A backup of the home, whose accounts have changed since."""
    file = write_backup(filled, tmp_path / "b").file
    write_private(filled.accounts, json.dumps({"owner": {"api_key": "newer"}}))
    return file


def owner_key(home: Home) -> str:
    return str(read_json(home.accounts)["owner"]["api_key"])


def wait_for(sign: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not sign():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_locked(home: Home) -> bool:
    with (home.root / "services.lock").open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_restore_waits_for_who_starts_services(filled: Home, changed: Path, tmp_path: Path) -> None:
    running = threading.Thread(target=restore_backup, args=(filled, changed, True))
    with locked(filled):
        running.start()
        # All is unpacked and checked; only the swap is left.
        wait_for(lambda: bool(list(tmp_path.glob("home.restoring-*/services.lock"))))
        time.sleep(0.3)
        assert owner_key(filled) == "newer"
        assert list(tmp_path.glob("home.before-restore-*")) == []
    running.join(WAIT_SECONDS)
    assert owner_key(filled) == "k"
    (aside,) = tmp_path.glob("home.before-restore-*")
    assert owner_key(Home(aside)) == "newer"


def test_the_folder_that_came_is_locked_until_it_is_whole(
    filled: Home, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool]] = []

    def look(one: Path, other: Path) -> None:
        exchange(one, other)
        seen.append((owner_key(filled), is_locked(filled)))

    monkeypatch.setattr(restore, "exchange", look)
    restore_backup(filled, changed, replace=True)
    assert seen == [("k", True)]
    assert not is_locked(filled)


def test_who_waited_holds_the_lock_of_the_folder_that_came(tmp_path: Path) -> None:
    home, waits, goes_on = Home(tmp_path / "home"), threading.Event(), threading.Event()
    home.prepare()
    other = Home(tmp_path / "other")
    other.prepare()
    held = threading.Event()

    def wait() -> None:
        waits.set()
        with locked(home):
            held.set()
            goes_on.wait(WAIT_SECONDS)

    waiting = threading.Thread(target=wait)
    with locked(home):
        waiting.start()
        waits.wait(WAIT_SECONDS)
        time.sleep(0.3)
        exchange(home.root, other.root)
        assert not held.is_set()
    assert held.wait(WAIT_SECONDS)
    assert (is_locked(home), is_locked(other)) == (True, False)
    goes_on.set()
    waiting.join(WAIT_SECONDS)


def test_data_that_came_while_a_backup_was_checked_is_not_replaced(
    filled: Home, changed: Path, tmp_path: Path
) -> None:
    home = Home(tmp_path / "new")

    def an_up_runs(said: str) -> None:
        home.prepare()
        write_private(home.accounts, json.dumps({"owner": {"api_key": "of the up"}}))

    with pytest.raises(ServiceError, match="holds data already"):
        restore_backup(home, changed, say=an_up_runs)
    assert owner_key(home) == "of the up"


@pytest.mark.parametrize("at_once", [True, False])
def test_folders_are_swapped_with_and_without_the_systems_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    if not at_once:
        monkeypatch.setattr(exchanging, "_exchange_at_once", lambda one, other: False)
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / folder.name).touch()
    exchange(one, other)
    assert ((one / "other").exists(), (other / "one").exists()) == (True, True)
    shutil.rmtree(other)
    with pytest.raises(FileNotFoundError):
        exchange(one, other)
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_swap_that_fails_leaves_everything_as_it_was(
    filled: Home, changed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(one: Path, other: Path) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(restore, "exchange", refuse)
    before, beside = digests(filled.root), sorted(tmp_path.iterdir())
    with pytest.raises(ServiceError, match=r"cannot be replaced \(Device or resource busy\)"):
        restore_backup(filled, changed, replace=True)
    (filled.root / "services.lock").unlink()
    assert digests(filled.root) == before
    assert sorted(tmp_path.iterdir()) == beside
