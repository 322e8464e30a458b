"""One pull, as the flow makes it, with what it costs both sides."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import argilla as rg
import httpx

from argilla_settings.connection import http
from benchmarks.results import say
from benchmarks.servers import Server
from corpus.cursor import next_pull
from corpus.desk import Desk
from corpus.review_state import open_ledger, resolve_ledger
from flows.pulling import finished_moves, read_activity
from flows.read_answers import Review
from flows.read_changes import read_planned


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one step. CPU seconds are of the server and of the process that pulls."""

    name: str
    kind: str
    new: int
    requests: int
    seconds: float
    server_cpu: float
    client_cpu: float


class Puller:
    """Pulls one data set into one desk's ledger, and counts the requests of its client."""

    def __init__(self, server: Server, client: rg.Argilla, dataset: rg.Dataset, desk: Desk) -> None:
        self._server, self._client, self._dataset, self._desk = server, client, dataset, desk
        self._requests = 0
        http(client).event_hooks["request"].append(self._count)

    def pull(self, name: str, full: bool = False) -> Cost:
        """With a ledger opened anew, as by a new process."""
        return self._measured(name, lambda: self._pull(full))

    def resolve(self) -> Cost:
        """Gold of everything in the ledger."""
        return self._measured("resolving the gold", self._resolve)

    def _pull(self, full: bool) -> tuple[str, int]:
        ledger = open_ledger(self._desk)
        moves = finished_moves(ledger, self._dataset)
        probe = read_activity.fn(self._client, self._dataset, moves)
        hours = self._desk.review.reconcile_hours
        plan = next_pull(ledger.cursor(), probe, hours, datetime.now(UTC), full)
        review = Review(self._client, self._dataset, self._desk, ledger, moves)
        found = read_planned(review, plan, probe)
        return found.kind, found.new

    def _resolve(self) -> tuple[str, int]:
        gold = resolve_ledger(self._desk, open_ledger(self._desk)).gold
        return "", len(gold.reviewed)

    def _measured(self, name: str, step: Callable[[], tuple[str, int]]) -> Cost:
        self._requests = 0
        server, client, started = self._server.cpu_seconds(), time.process_time(), time.monotonic()
        kind, new = step()
        cost = Cost(
            name,
            kind,
            new,
            self._requests,
            round(time.monotonic() - started, 2),
            round(self._server.cpu_seconds() - server, 2),
            round(time.process_time() - client, 2),
        )
        say(f"  {cost}")
        return cost

    def _count(self, _: httpx.Request) -> None:
        self._requests += 1
