"""An Argilla server of a benchmark's own: fresh home, chosen launcher, its CPU and memory."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from embedded.errors import ServiceError
from embedded.health import answers
from embedded.home import Home, read_json
from embedded.ports import free_port
from embedded.programs import PROJECT, Program, programs
from embedded.services import make_accounts

OURS, STOCK = "embedded.argilla", "benchmarks.stock_launcher"
START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; ``api_key`` is the owner's."""

    url: str
    api_key: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """CPU used so far by the server process and its children."""
        parts = [self.process, *self.process.children(recursive=True)]
        return float(sum(sum(part.cpu_times()[:2]) for part in parts))

    def memory_mb(self) -> float:
        """Resident memory now."""
        return float(self.process.memory_info().rss) / 1e6


@contextmanager
def argilla_server(launcher: str) -> Iterator[Server]:
    """Redis and a server from ``launcher`` on a fresh home; both end with the block."""
    with fresh_home() as home, server_of(home, launcher) as server:
        yield server


@contextmanager
def fresh_home() -> Iterator[Home]:
    """A home with accounts, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix="copydesk-bench-") as folder:
        home = Home(Path(folder) / "home")
        home.prepare()
        make_accounts(home)
        yield home


@contextmanager
def server_of(home: Home, launcher: str) -> Iterator[Server]:
    """Redis and a server from ``launcher`` on this home; both end with the block."""
    with ExitStack() as stack:
        by_name = {p.name: p for p in programs(home, {"argilla": free_port()})}
        stack.enter_context(_running(by_name["redis"], home))
        server = _with_launcher(by_name["argilla"], launcher)
        process = stack.enter_context(_running(server, home))
        _wait(server, process, home)
        url = server.health.partition("/api/")[0]
        yield Server(url, read_json(home.accounts)["owner"]["api_key"], process)


def _with_launcher(program: Program, launcher: str) -> Program:
    command = [launcher if part == OURS else part for part in program.command]
    return replace(program, command=command)


@contextmanager
def _running(program: Program, home: Home) -> Iterator[psutil.Process]:
    environment = {**os.environ, **program.environment}
    log = home.logs / f"{program.name}.log"
    with log.open("wb") as output:
        started = subprocess.Popen(
            program.command, env=environment, cwd=PROJECT, stdout=output, stderr=output
        )
    try:
        yield psutil.Process(started.pid)
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def _wait(program: Program, process: psutil.Process, home: Home) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(program.health):
        if time.monotonic() > deadline or process.status() == psutil.STATUS_ZOMBIE:
            lines = (home.logs / f"{program.name}.log").read_text(errors="replace").splitlines()
            raise ServiceError(
                f"{' '.join(program.command[1:3])} did not start: {(lines or ['no log'])[-1]}",
                "Run make setup, then the benchmark again.",
            )
        time.sleep(0.3)
