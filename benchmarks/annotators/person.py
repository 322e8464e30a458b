"""One simulated annotator: what the browser sends, think time between answers, patience."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from benchmarks.datasets import Dataset, checked
from benchmarks.people import answer_values

STATUSES = ("submitted",) * 8 + ("discarded", "draft")
PAGE = 10
RETRY_SECONDS = 0.5
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said it has."""

    status: str
    values: dict[str, Any]


@dataclass
class Person:
    """An annotator with what was acknowledged (record id → answer) and how long it took (ms)."""

    name: str
    client: httpx.Client
    dataset: Dataset
    draw: random.Random
    think_seconds: tuple[float, float]
    acknowledged: dict[str, Answer] = field(default_factory=dict)
    fetch_ms: list[float] = field(default_factory=list)
    answer_ms: list[float] = field(default_factory=list)
    resent: int = 0
    found_there: int = 0
    errors: list[str] = field(default_factory=list)

    def work(self, stop: threading.Event) -> None:
        """Page after page of the pending queue, until ``stop`` is set."""
        try:
            while not stop.is_set():
                page = self._fetch()
                for item in page:
                    if stop.is_set():
                        return
                    time.sleep(self.draw.uniform(*self.think_seconds))
                    self._answer(item["record"])
                if not page:
                    time.sleep(self.think_seconds[1])
        except Exception as error:  # noqa: BLE001 - counted, and shown in the result
            self.errors.append(f"{self.name}: {type(error).__name__}: {error}"[:300])

    def _fetch(self) -> list[dict[str, Any]]:
        pending = [
            {"type": "terms", "scope": {"entity": entity, "property": "status"}, "values": [value]}
            for entity, value in (("response", "pending"), ("record", "pending"))
        ]
        address = f"/api/v1/me/datasets/{self.dataset.id}/records/search"
        params: dict[str, Any] = {
            "include": ["responses", "suggestions"],
            "offset": 0,
            "limit": PAGE,
        }
        body = {"query": {}, "filters": {"and": pending}}
        answer = self._patiently(
            lambda: self.client.post(address, params=params, json=body), self.fetch_ms
        )
        items: list[dict[str, Any]] = checked(answer)["items"]
        return items

    def _answer(self, record: dict[str, Any]) -> None:
        values = answer_values(record, self.dataset.questions["topic"], self.draw)
        given = Answer(self.draw.choice(STATUSES), values)
        body = {"status": given.status, "values": given.values}
        address = f"/api/v1/records/{record['id']}/responses"
        before = self.resent
        answer = self._patiently(lambda: self.client.post(address, json=body), self.answer_ms)
        if answer.status_code == httpx.codes.CONFLICT and self.resent > before:
            # The answer had arrived, only its acknowledgement was lost: the browser shows it.
            self.found_there += 1
        else:
            checked(answer)
        self.acknowledged[record["id"]] = given
        # What the UI shows in the corner, asked again after every answer.
        for corner in (
            f"/api/v1/datasets/{self.dataset.id}/progress",
            f"/api/v1/me/datasets/{self.dataset.id}/metrics",
        ):
            checked(self._patiently(partial(self.client.get, corner), []))

    def _patiently(
        self, send: Callable[[], httpx.Response], milliseconds: list[float]
    ) -> httpx.Response:
        """Send; while the server is gone, send again as somebody who sees the error would."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            started = time.perf_counter()
            try:
                answer = send()
            except httpx.TransportError:
                if time.monotonic() > give_up:
                    raise
                self.resent += 1
                time.sleep(RETRY_SECONDS)
                continue
            milliseconds.append((time.perf_counter() - started) * 1000)
            return answer
