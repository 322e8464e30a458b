"""What is killed comes back or is gone; crash loops end; logs stay small. Homes with a Hub only."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded.errors import ServiceError
from embedded.home import Home, write_private
from embedded.processes import marked_processes
from embedded.programs import Program, redis_server
from embedded.services import start, status, stop
from embedded.starts import MAX_STARTS, read_starts, record_start
from embedded.status import ManagerStatus, manager_status
from embedded.supervision import manager, process_states, start_manager
from embedded.supervisor_config import GUARD, write_config
from embedded.waiting import last_line
from tests.test_copydesk import copydesk

pytestmark = [pytest.mark.services, pytest.mark.long]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    for name in ("ARGILLA_API_URL", "HF_ENDPOINT", "HF_TOKEN", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    home = Home(tmp_path / "home")
    yield home
    stop(home)
    assert marked_processes(home) == []


def wait(condition: Callable[[], bool], seconds: float = 30) -> float:
    """Seconds until the condition held."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "it did not happen in time"
        time.sleep(0.1)
    return time.monotonic() - started


def works(home: Home) -> bool:
    return manager_status(home).healthy and all(line.healthy for line in status(home))


def manager_pid(home: Home) -> int:
    running = manager(home)
    assert running is not None
    return int(running.getPID())


def test_a_killed_guard_and_a_killed_manager_are_started_again(home: Home) -> None:
    start(home, services=("hub",))
    open_to_others = [p for p in home.root.rglob("*") if p.is_file() and p.stat().st_mode & 0o077]
    assert open_to_others == []
    (guard,) = marked_processes(home, GUARD)
    before = {process.pid for process in marked_processes(home)}
    guard.kill()
    wait(lambda: bool(set(marked_processes(home, GUARD)) - {guard}), 10)
    assert works(home)
    old = {process.pid for process in marked_processes(home)}
    assert (len(old), len(old & before)) == (3, 2)
    os.kill(manager_pid(home), signal.SIGKILL)
    wait(lambda: manager(home) is None, 5)
    seen = manager_status(home)
    assert seen == ManagerStatus(
        "starting again", False, restarts=seen.restarts, problem=seen.problem
    )
    wait(lambda: works(home))
    new = {process.pid for process in marked_processes(home)}
    assert len(new) == 3
    assert not old & new
    assert (manager_status(home).restarts, status(home)[0].restarts) == (1, 1)
    log = (home.logs / "guard-restarts.log").read_text()
    assert "The process manager was killed" in log
    assert "; 0 processes had to be killed" in log


def test_manager_and_guard_killed_at_once_leave_no_process(home: Home) -> None:
    start(home, services=("hub",))
    main = manager_pid(home)
    (guard,) = marked_processes(home, GUARD)
    # Stopped first, so that it cannot start the guard again in between.
    os.kill(main, signal.SIGSTOP)
    guard.kill()
    os.kill(main, signal.SIGKILL)
    wait(lambda: marked_processes(home) == [], 10)
    told = copydesk("status", COPYDESK_HOME=str(home.root))
    assert told.returncode == 3
    assert "manager: It was killed, and no program runs: copydesk up" in told.stdout
    assert start(home, services=("hub",))
    assert works(home)
    assert stop(home)
    assert manager_status(home).state == "down"
    assert not stop(home)


def test_a_crash_loop_ends_and_says_what_to_do(home: Home) -> None:
    start(home, services=("hub",))
    tokens = home.hub_tokens.read_text(encoding="utf-8")
    write_private(home.hub_tokens, "{}")
    for _ in range(MAX_STARTS - 4):
        record_start(home, "hub")
    os.kill(status(home)[0].pid, signal.SIGKILL)
    wait(lambda: process_states(home)["hub"]["statename"] == "FATAL", 60)
    assert read_starts(home, "hub").total == MAX_STARTS
    told = copydesk("status", COPYDESK_HOME=str(home.root))
    assert told.returncode == 3
    said = f"hub: ended {MAX_STARTS} times within 10 minutes and is not started again."
    assert said in told.stdout
    assert f"Read {home.logs / 'hub.log'}, mend that, then run copydesk up." in told.stdout
    log = (home.logs / "hub.log").read_text(encoding="utf-8")
    assert "write one token" in log
    assert "Its last words stand above: mend that, then run copydesk up." in log
    write_private(home.hub_tokens, tokens)
    assert last_line(home, "hub").startswith("The token file cannot be used")
    start(home, services=("hub",))
    assert works(home)
    assert status(home)[0].restarts == 0
    # The end of a log is read only, whatever bytes are in it.
    running = manager(home)
    assert running is not None
    running.stopProcess("hub")
    (home.logs / "hub.log").write_bytes(b"\xff" * 5_000_000 + b"\nlast words\n")
    assert status(home)[0].problem.startswith("last words. Read ")


def test_a_program_that_keeps_ending_late_is_bounded_too(home: Home) -> None:
    """Supervisor itself bounds only programs that end within seconds of their start."""
    home.prepare()
    now = time.time()
    starts = {"total": MAX_STARTS, "recent": [now - 50 * i for i in range(MAX_STARTS)]}
    write_private(home.starts / "late.json", json.dumps(starts))
    write_private(home.supervisor_pid_file, str(os.getpid()))
    refused = launch(home, "late", "touch", str(home.root / "ran"))
    assert refused.wait(20) == 78
    assert not (home.root / "ran").exists()
    starts["recent"] = [now - 700 - 100 * i for i in range(MAX_STARTS)]
    write_private(home.starts / "late.json", json.dumps(starts))
    assert launch(home, "late", "touch", str(home.root / "ran")).wait(20) == 0
    assert (home.root / "ran").exists()
    home.supervisor_pid_file.unlink()


def launch(
    home: Home, name: str, *command: str, after_redis: bool = False
) -> "subprocess.Popen[bytes]":
    line = [sys.executable, "-m", "embedded.launch", "--home", str(home.root), "--name", name]
    line += ["--after-redis"] if after_redis else []
    return subprocess.Popen([*line, "--", f"/usr/bin/{command[0]}", *command[1:]])


def test_a_program_that_needs_redis_waits_for_it_but_not_for_ever(
    home: Home, tmp_path: Path
) -> None:
    without = Home(tmp_path / "without")
    for each in (home, without):
        each.prepare()
        write_private(each.supervisor_pid_file, str(os.getpid()))
    waiting = launch(home, "server", "touch", str(home.root / "ran"), after_redis=True)
    in_vain = launch(without, "server", "touch", str(without.root / "ran"), after_redis=True)
    time.sleep(1.5)
    assert waiting.poll() is None
    assert not (home.root / "ran").exists()
    redis = subprocess.Popen(
        [redis_server(), "--port", "0", "--unixsocket", str(home.redis_socket), "--save", ""],
        stdout=subprocess.DEVNULL,
        cwd=home.root,
    )
    try:
        assert waiting.wait(15) == 0
        assert (home.root / "ran").exists()
    finally:
        redis.kill()
        redis.wait(10)
        home.supervisor_pid_file.unlink()
    assert in_vain.wait(30) == 75
    assert not (without.root / "ran").exists()


def test_logs_are_put_aside_and_the_oldest_deleted(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPYDESK_LOG_MAX_BYTES", "500")
    home.prepare()
    line = "import time; [print('x' * 99, flush=True) or time.sleep(.01) for _ in range(300)]"
    chatty = Program("chatty", [sys.executable, "-c", f"{line}; time.sleep(600)"], priority=1)
    silent = [
        Program(f"silent-{n}", [sys.executable, "-c", "import time; time.sleep(600)"], priority=1)
        for n in range(8)
    ]
    write_config(home, [chatty, *silent])
    start_manager(home)
    for name in ("chatty.log", "supervisord.log"):
        wait((home.logs / f"{name}.2").exists)
        time.sleep(0.5)
        sizes = {file.name: file.stat().st_size for file in home.logs.glob(f"{name}*")}
        assert sizes.keys() == {name, f"{name}.1", f"{name}.2"}
        # What one read of the pipe brings may come on top.
        assert max(sizes.values()) < 500 + 10_000
    monkeypatch.setenv("COPYDESK_LOG_MAX_BYTES", "5MB")
    with pytest.raises(ServiceError, match="COPYDESK_LOG_MAX_BYTES='5MB' is not a number"):
        write_config(home, [])
