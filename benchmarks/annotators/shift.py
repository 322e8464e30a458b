"""A shift: all annotators at work while records are logged; the server may be killed in it."""

import os
import random
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from benchmarks.annotators.person import RETRY_SECONDS, Person
from benchmarks.datasets import BULK, Dataset, bulks, connect, log_stories
from benchmarks.stories import Story
from embedded.health import answers
from embedded.home import Home
from embedded.services import status

DOWN_SECONDS_AT_MOST = 180.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long people work, how fast; ``kill`` ends the server with -9 in the middle of a bulk.

    The time without the server comes on top of ``seconds``.
    """

    seconds: float
    think_seconds: tuple[float, float]
    kill: bool


@dataclass
class Logged:
    """What the logging client did; ``sent`` is set while a bulk is under way."""

    records: int = 0
    resent: int = 0
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)
    under_way: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Shift:
    """What everybody did."""

    people: list[Person]
    logged: Logged
    down_seconds: float | None


def work(
    home: Home,
    owner: tuple[str, str],
    clients: Mapping[str, httpx.Client],
    dataset: Dataset,
    batch: Sequence[Story],
    plan: Plan,
) -> Shift:
    """Run the shift; ``owner`` is the server's address and the owner's key."""
    people = [
        Person(name, client, dataset, random.Random(name), plan.think_seconds)
        for name, client in clients.items()
    ]
    logged, stop = Logged(), threading.Event()
    threads = [threading.Thread(target=p.work, args=(stop,)) for p in people]
    threads.append(threading.Thread(target=_log, args=(owner, dataset, batch, plan, logged)))
    for thread in threads:
        thread.start()
    down = None
    try:
        time.sleep(plan.seconds / 2)
        if plan.kill:
            down = _kill(home, logged)
        time.sleep(plan.seconds / 2)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return Shift(people, logged, down)


def _log(
    owner: tuple[str, str], dataset: Dataset, batch: Sequence[Story], plan: Plan, logged: Logged
) -> None:
    """Bulks at even distances over the shift; a bulk that got no answer is sent again."""
    runs = list(bulks(batch, min(BULK, max(1, len(batch) // 10))))
    started = time.monotonic()
    try:
        with connect(*owner) as client:
            for number, run in enumerate(runs):
                due = started + plan.seconds * 0.9 * number / len(runs)
                time.sleep(max(0.0, due - time.monotonic()))
                _log_bulk(client, dataset, run, logged)
    except Exception as error:  # noqa: BLE001 - counted, and shown in the result
        logged.errors.append(f"logging: {type(error).__name__}: {error}"[:300])
    logged.seconds = time.monotonic() - started


def _log_bulk(client: httpx.Client, dataset: Dataset, run: Sequence[Story], logged: Logged) -> None:
    give_up = time.monotonic() + DOWN_SECONDS_AT_MOST
    while True:
        logged.under_way.set()
        try:
            logged.records += log_stories(client, dataset, run)
            return
        except httpx.TransportError:
            if time.monotonic() > give_up:
                raise
            logged.resent += 1
            time.sleep(RETRY_SECONDS)
        finally:
            logged.under_way.clear()


def _kill(home: Home, logged: Logged) -> float:
    """Kill the server with a bulk in it; returns the seconds until it answered again."""
    pid = next(line.pid for line in status(home) if line.name == "argilla")
    url = next(line.url for line in status(home) if line.name == "argilla")
    logged.under_way.wait(30)
    time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    time.sleep(0.2)
    while not answers(f"{url}/api/v1/version"):
        if time.monotonic() - killed > DOWN_SECONDS_AT_MOST:
            raise TimeoutError(f"no answer {DOWN_SECONDS_AT_MOST:.0f} s after kill -9")
        time.sleep(0.1)
    return round(time.monotonic() - killed, 1)
