"""Parts of supervision: what counts as a restart, who listens, a manager that is silent."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from embedded.home import Home
from embedded.processes import MEBIBYTE, family, listens, marked_processes, memory_mb
from embedded.services import is_up, start, stop
from embedded.starts import MANAGER, MAX_STARTS, forget_recent, read_starts, record_start
from embedded.status import manager_status, status
from embedded.waiting import last_line
from tests.test_copydesk import copydesk


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    for name in ("ARGILLA_API_URL", "HF_ENDPOINT", "HF_TOKEN", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    home = Home(tmp_path / "home")
    home.prepare()
    yield home
    stop(home)
    assert marked_processes(home) == []


def test_a_killed_manager_uses_up_its_own_restarts_only(home: Home) -> None:
    for name in ("hub", MANAGER):
        for _ in range(MAX_STARTS):
            record_start(home, name)
    assert read_starts(home, "hub").exhausted
    forget_recent(home)
    hub, manager = read_starts(home, "hub"), read_starts(home, MANAGER)
    assert (hub.exhausted, hub.total, hub.restarts) == (False, MAX_STARTS, MAX_STARTS - 1)
    assert (manager.exhausted, manager.total) == (True, MAX_STARTS)


def test_who_listens_is_told_by_process_and_port() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        assert not listens(os.getpid(), port)
        bound.listen()
        assert listens(os.getpid(), port)
        assert not listens(0, port)


# 100 MiB that two forked children share, and nobody writes to again.
SHARING = """
import os, signal
kept = b"x" * (100 << 20)
for _ in range(2):
    if os.fork() == 0:
        signal.pause()
print("ready", flush=True)
signal.pause()
"""


@pytest.mark.skipif(not psutil.LINUX, reason="only Linux tells PSS")
def test_shared_pages_count_once() -> None:
    with subprocess.Popen([sys.executable, "-c", SHARING], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        processes = family(parent.pid)
        try:
            assert sum(p.memory_info().rss for p in processes) > 300 * MEBIBYTE
            assert 100 < memory_mb(parent.pid) < 150
        finally:
            for process in processes:
                process.kill()


def test_a_log_that_cannot_be_read_is_said(home: Home) -> None:
    (home.logs / "hub.log").mkdir()
    assert last_line(home, "hub") == "its log cannot be read (Is a directory)"


@pytest.mark.long
@pytest.mark.services
def test_a_stopped_manager_is_told_and_ended(home: Home) -> None:
    start(home, services=("hub",))
    pid = manager_status(home).pid
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    seen = manager_status(home)
    assert (seen.state, seen.healthy) == ("not responding", False)
    assert f"process {pid}): copydesk down; copydesk up" in seen.problem
    told = copydesk("status", COPYDESK_HOME=str(home.root))
    assert told.returncode == 3
    assert "manager: It does not respond" in told.stdout
    assert not is_up(home)
    done = copydesk("down", COPYDESK_HOME=str(home.root))
    assert (done.returncode, done.stdout) == (0, "Services stopped.\n")
    assert "had to be killed" not in done.stderr
    assert time.monotonic() - began < 90
    assert marked_processes(home) == []
    start(home, services=("hub",))
    assert manager_status(home).healthy
    assert all(line.healthy for line in status(home))
