"""Paging Argilla's search while people answer, and what a pull asks it."""

import json
from collections import Counter
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from argilla_settings.changes import (
    SearchRefusedError,
    completed_among,
    count_answers,
    count_started,
    rows_of,
    started_ids,
    started_rows,
)

DATASET: Any = SimpleNamespace(id="d")


class FakeSearch:
    """Records in the order of loading; ``leaving`` are in no answer after the first."""

    def __init__(self, times: list[int], leaving: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        self.records = [
            {"id": f"r{n}", "external_id": f"a{n}", "inserted_at": f"2031-05-01T12:00:00.{at:06d}"}
            for n, at in enumerate(times)
        ]
        self.leaving = {f"r{n}" for n in leaving}
        self.bodies: list[dict[str, Any]] = []
        session = httpx.Client(base_url="http://argilla", transport=httpx.MockTransport(self))
        self.client: Any = SimpleNamespace(api=SimpleNamespace(http_client=session))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.bodies.append(body)
        found = [row for row in self.records if self._passes(row, body["filters"]["and"])]
        if len(self.bodies) > 1:
            found = [row for row in found if row["id"] not in self.leaving]
        limit, offset = (int(request.url.params[name]) for name in ("limit", "offset"))
        items = [{"record": row} for row in found[offset : offset + limit]]
        return httpx.Response(200, json={"items": items, "total": len(found)})

    def _passes(self, row: dict[str, str], filters: list[dict[str, Any]]) -> bool:
        for part in filters:
            name = part["scope"]["property"]
            if part["type"] == "range" and row[name] < part["ge"]:
                return False
            if part["type"] == "terms" and name == "id" and row["id"] not in part["values"]:
                return False
        return True


def test_records_that_leave_a_filter_hide_no_other() -> None:
    search = FakeSearch(list(range(1200)), leaving=set(range(400)))
    found = [row["id"] for row in started_rows(search.client, DATASET)]
    assert found == [f"r{n}" for n in range(1200)]


def test_records_loaded_at_the_same_moment_come_once_each() -> None:
    search = FakeSearch([0] * 10 + [5] * 1300 + [9] * 10)
    found = Counter(row["id"] for row in started_rows(search.client, DATASET))
    assert found == Counter(f"r{n}" for n in range(1320))
    assert len(started_ids(search.client, DATASET)) == 1320


def test_no_filter_has_more_values_than_argilla_takes() -> None:
    search = FakeSearch(list(range(700)))
    wanted = [f"r{n}" for n in range(600)]
    assert [row["id"] for row in rows_of(search.client, DATASET, wanted)] == wanted
    assert len(search.bodies) == 3
    values = [part["values"] for body in search.bodies for part in body["filters"]["and"]]
    assert {len(some) for some in values} == {100, 250}
    search.bodies.clear()
    later = completed_among(search.client, DATASET, ["r1"], "2031-05-01T12:00:00.000699")
    assert [row["id"] for row in later] == ["r1", "r699"]
    assert all(body["filters"]["and"][0]["values"] == ["completed"] for body in search.bodies)


def answering(status: int, content: dict[str, Any]) -> Any:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=content)

    session = httpx.Client(base_url="http://argilla", transport=httpx.MockTransport(answer))
    return SimpleNamespace(api=SimpleNamespace(http_client=session))


def test_answers_are_counted_over_all_people_and_records() -> None:
    marie = {"username": "marie", "completed": {"submitted": 3, "draft": 0}}
    ada = {"username": "ada", "completed": {"submitted": 1}, "pending": {"draft": 2}}
    counts = count_answers(answering(200, {"users": [marie, ada]}), DATASET)
    assert +counts == {"submitted": 4, "draft": 2}


def test_a_search_that_refuses_says_so() -> None:
    with pytest.raises(SearchRefusedError, match=r"refuses filters \(HTTP 422\)"):
        count_started(answering(422, {"detail": "no"}), DATASET)
