"""Argilla, its worker and Redis through every kill: nothing acknowledged is lost, nothing is left.

The home of this module is started by two `up` that are killed in the middle, and a third.
"""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest
import redis

from embedded.database import COPIED, Files, undo
from embedded.health import redis_answers
from embedded.home import Home, read_json, write_private
from embedded.processes import ACCOUNTS, marked_processes
from embedded.programs import PROJECT, argilla_environment, argilla_python, programs
from embedded.services import exports, status, stop
from embedded.status import data_sizes, manager_status
from embedded.supervision import manager
from tests.embedded.test_supervision import wait, works
from tests.test_copydesk import copydesk

pytestmark = [pytest.mark.services, pytest.mark.long]
ONLY_ARGILLA = {"HF_ENDPOINT": "http://127.0.0.1:9", "PREFECT_API_URL": "http://127.0.0.1:9"}
PROGRAMS = ["redis", "argilla", "argilla-worker"]
# A job that says when it is done, in the queue of Argilla's workers.
SLOW_JOB = """
import time
from argilla_server.jobs.queues import DEFAULT_QUEUE
print(DEFAULT_QUEUE.enqueue(time.sleep, 4).id)
"""


def start_up(home: Home) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **ONLY_ARGILLA, "COPYDESK_HOME": str(home.root)}
    for name in ("ARGILLA_API_URL", "HF_TOKEN"):
        environment.pop(name, None)
    return subprocess.Popen([sys.executable, "-m", "copydesk", "up"], env=environment, cwd=PROJECT)


def kill(up: "subprocess.Popen[bytes]") -> None:
    up.kill()
    up.wait(10)


def tables(home: Home) -> int:
    """How far migrations are; -1 before they begin."""
    database = home.root / "argilla" / "argilla.db"
    if not database.exists():
        return -1
    with closing(sqlite3.connect(database)) as db:
        found = db.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()
    return int(found[0])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("argilla") / "home")
    try:
        up = start_up(home)
        wait(lambda: tables(home) >= 2, 60)
        for process in marked_processes(home, ACCOUNTS):
            process.kill()
        kill(up)
        assert manager(home) is None
        assert (home.root / "argilla" / "preparing").read_text() == "new"
        up = start_up(home)
        wait(lambda: manager(home) is not None, 90)
        kill(up)
        first = manager_status(home).pid
        assert start_up(home).wait(120) == 0
        # The third `up` adopted what the second had started.
        assert manager_status(home).pid == first
        yield home
    finally:
        stop(home)


@pytest.fixture
def client(home: Home) -> Iterator[httpx.Client]:
    found = exports(home)
    headers = {"X-Argilla-Api-Key": found["ARGILLA_API_KEY"]}
    url = f"{found['ARGILLA_API_URL']}/api/v1"
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        yield client


def test_up_killed_in_the_middle_of_migrations_and_of_the_start(home: Home) -> None:
    assert works(home)
    with sqlite3.connect(home.root / "argilla" / "argilla.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (users,) = db.execute("SELECT count(*) FROM users").fetchone()
    assert users == len(read_json(home.accounts)) == 5
    assert marked_processes(home, ACCOUNTS) == []
    assert not (home.root / "argilla" / "preparing").exists()


@pytest.mark.parametrize("put_back", [False, True])
def test_an_upgrade_killed_in_the_middle_is_undone(tmp_path: Path, put_back: bool) -> None:
    """What is there after a kill, and nothing of Argilla: the server is not needed for this."""
    home = Home(tmp_path / "home")
    home.prepare()
    files = Files(home.root / "argilla")
    for path, content in ((files.database, "half"), (files.former, "before")):
        with closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE t AS SELECT ? AS content", (content,))
            db.commit()
    files.database.with_name("argilla.db-wal").write_text("of the half")
    write_private(files.mark, COPIED)
    if put_back:
        files.former.replace(files.database)
    undo(files)
    with closing(sqlite3.connect(files.database)) as db:
        assert db.execute("SELECT content FROM t").fetchone() == ("before",)
    assert not files.mark.exists()
    assert not files.former.exists()


def test_status_tells_pid_port_health_memory_restarts_and_sizes(home: Home) -> None:
    rows = {row.name: row for row in status(home)}
    assert list(rows) == PROGRAMS
    for row in rows.values():
        assert psutil.pid_exists(row.pid)
        assert (row.state, row.healthy, row.problem, row.restarts) == ("RUNNING", True, "", 0)
    assert rows["redis"].socket == str(home.redis_socket)
    assert f":{rows['argilla'].port}" in exports(home)["ARGILLA_API_URL"]
    assert 100 < rows["argilla"].memory_mb < 700
    worker = psutil.Process(rows["argilla-worker"].pid)
    assert rows["argilla-worker"].memory_mb > worker.memory_full_info().pss / 2**20
    sizes = data_sizes(home)
    database = home.root / "argilla" / "argilla.db"
    with_log = database.stat().st_size + database.with_name("argilla.db-wal").stat().st_size
    assert sizes["argilla_database"] >= with_log > 100_000
    assert sum(size for name, size in sizes.items() if name != "total") == sizes["total"]
    shown = copydesk("status", COPYDESK_HOME=str(home.root))
    assert shown.returncode == 0
    table = shown.stdout.split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in table] == ["PROGRAM", *PROGRAMS, "manager"]
    assert len({re.search(r"\S+ MB", line).end() for line in table[1:]}) == 1  # type: ignore[union-attr]


def test_what_is_killed_comes_back_with_all_its_data(home: Home, client: httpx.Client) -> None:
    before = {row.name: row.pid for row in status(home)}
    queue = redis.Redis(unix_socket_path=str(home.redis_socket))
    queue.rpush("parked", *range(100))
    made = client.post("/workspaces", json={"name": "before-the-kill"})
    assert made.status_code == 201
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait(lambda: not any(psutil.pid_exists(pid) for pid in before.values()), 10)
    seconds = wait(lambda: works(home), 90)
    assert seconds > 0.5
    after = {row.name: row for row in status(home)}
    assert not {row.pid for row in after.values()} & set(before.values())
    assert [after[name].restarts for name in PROGRAMS] == [1, 1, 1]
    assert queue.llen("parked") == 100
    names = [w["name"] for w in client.get("/me/workspaces").json()["items"]]
    assert "before-the-kill" in names
    # The killed pool's own workers would go on taking jobs beside the new ones.
    roots = [
        process
        for process in marked_processes(home, "argilla-worker")
        if process.ppid() not in {p.pid for p in marked_processes(home, "argilla-worker")}
    ]
    assert [process.pid for process in roots] == [after["argilla-worker"].pid]
    assert "restart 1" in (home.logs / "argilla.log").read_text()


def test_down_lets_the_worker_finish_its_job_and_ends_in_reverse_order(home: Home) -> None:
    enqueued = subprocess.run(
        [argilla_python(), "-c", SLOW_JOB],
        env={**os.environ, **argilla_environment(home)},
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
    )
    job = enqueued.stdout.strip().splitlines()[-1]
    log = home.logs / "argilla-worker.log"
    jobs = redis.Redis(unix_socket_path=str(home.redis_socket))
    wait(lambda: jobs.hget(f"rq:job:{job}", "status") == b"started", 20)
    started = time.monotonic()
    done = copydesk("down", COPYDESK_HOME=str(home.root))
    assert done.returncode == 0
    assert "Services stopped." in done.stdout
    assert "had to be killed" not in done.stderr
    assert time.monotonic() - started < 40
    assert "Job OK" in log.read_text()
    assert "Finished server process" in (home.logs / "argilla.log").read_text()
    ends = re.findall(r"stopped: (\S+)", (home.logs / "supervisord.log").read_text())
    assert ends[-4:] == ["guard", "argilla-worker", "argilla", "redis"]
    assert marked_processes(home) == []
    again = copydesk("down", COPYDESK_HOME=str(home.root))
    assert (again.returncode, again.stdout) == (0, "No services were running.\n")
    # Redis has saved: started alone, it has everything.
    alone = subprocess.Popen(redis_command(home), stdout=subprocess.DEVNULL)
    try:
        wait(lambda: redis_answers(home), 10)
        assert redis.Redis(unix_socket_path=str(home.redis_socket)).llen("parked") == 100
    finally:
        alone.terminate()
        alone.wait(10)


def redis_command(home: Home) -> list[str]:
    ports = home.read_services()["ports"]
    return next(p.command for p in programs(home, ports) if p.name == "redis")
