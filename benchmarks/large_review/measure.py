"""Ask each question in turn, again and again: milliseconds of a whole HTTP request."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.datasets import Dataset
from benchmarks.large_review.questions import Ask, asks, first_record, metadata_ids
from benchmarks.results import say, spread
from embedded.health import answers
from embedded.home import Home
from embedded.services import ProgramStatus, status

MEDIAN_MS_AT_MOST = 250.0
RESTART_SECONDS = 300


def measure(
    client: httpx.Client, dataset: Dataset, home: Home, repetitions: int
) -> list[dict[str, Any]]:
    """Median and 95th percentile of each question; the first time of asking is left out.

    The server's mean CPU a question stands beside them: it depends less on what else runs.
    """
    process = psutil.Process(server(home).pid)
    wanted = asks(dataset, metadata_ids(client, dataset), first_record(client, dataset))
    hits = {ask.name: ask.send(client) for ask in wanted}
    times: dict[str, list[float]] = {ask.name: [] for ask in wanted}
    cpu = dict.fromkeys(times, 0.0)
    for number in range(1, repetitions + 1):
        for ask in wanted:
            before, started = sum(process.cpu_times()[:2]), time.perf_counter()
            ask.send(client)
            times[ask.name].append((time.perf_counter() - started) * 1000)
            cpu[ask.name] += (sum(process.cpu_times()[:2]) - before) * 1000
        say(f"  {number} of {repetitions} repetitions")
    rows = [_row(a, hits[a.name], times[a.name], cpu[a.name] / repetitions) for a in wanted]
    for row in rows:
        say(
            f"  {row['median']:7.1f} ms median, {row['p95']:7.1f} p95, "
            f"{row['cpu_ms']:6.0f} CPU ms  {row['name']}"
        )
    return rows


def memory_mb(home: Home) -> dict[str, float]:
    """Resident memory of the server process now and at its highest."""
    pid = server(home).pid
    now = float(psutil.Process(pid).memory_info().rss) / 1e6
    return {"now": round(now), "peak": round(_peak_mb(pid) or now)}


def seconds_to_restart(home: Home) -> float:
    """From kill -9 of the server until it answers again; the process manager starts it."""
    found = server(home)
    health = f"{found.url}/api/v1/version"
    started = time.monotonic()
    os.kill(found.pid, signal.SIGKILL)
    while answers(health) or server(home).pid in (0, found.pid):
        _before(started + RESTART_SECONDS)
    while not answers(health):
        _before(started + RESTART_SECONDS)
    return round(time.monotonic() - started, 1)


def server(home: Home) -> ProgramStatus:
    """The Argilla server's line of `copydesk status`."""
    return next(line for line in status(home) if line.name == "argilla")


def _before(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError(f"the server did not answer within {RESTART_SECONDS} s of its end")
    time.sleep(0.2)


def _peak_mb(pid: int) -> float:
    """The greatest resident memory so far, where the system tells it (Linux)."""
    file = Path(f"/proc/{pid}/status")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return sum(float(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))


def _row(ask: Ask, hits: dict[str, Any], times: list[float], cpu_ms: float) -> dict[str, Any]:
    timed = spread(times)
    return {
        "name": ask.name,
        "required": ask.required,
        "total": hits.get("total"),
        **timed,
        "cpu_ms": round(cpu_ms),
        "met": timed["median"] < MEDIAN_MS_AT_MOST,
    }
