"""The conftest under which argilla-server's own search engine cases run against our engine.

It stands where the sdist's conftest files stand, inside the server's environment: a SQLite file
in place of the test transaction, our engine in place of Elasticsearch's, and for the cases that
plant answers straight into OpenSearch a stand-in that plants them into Argilla's tables.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import argilla_server.cli
import opensearchpy.helpers
import pytest
import pytest_asyncio
from argilla_server.cli.database.migrate import migrate_db
from argilla_server.database import async_engine
from argilla_server.models import Dataset, Field, Record, Response

from embedded.argilla.__main__ import main
from embedded.argilla.engine import SqliteSearchEngine
from tests.database import TestSession, set_task


class CommittedEngine:
    """Our engine, called as the server calls it: after a commit."""

    def __init__(self, engine: SqliteSearchEngine, planted: "Planted") -> None:
        self._engine = engine
        self._planted = planted

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._engine, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            await TestSession().commit()
            await self._planted.index(self._engine)
            return await method(*arguments, **named)

        return call

    async def _bulk_op_request(self, actions: list[dict[str, Any]]) -> None:
        # The cases write vectors into the index by hand; the server indexes their records.
        for record in [_of_session(Record, action["_id"]) for action in actions]:
            await self.index_records(record.dataset, [record])


class Planted:
    """What the cases write into OpenSearch behind the engine's back, written into the database."""

    def __init__(self) -> None:
        self.indices = self
        self._responses: dict[tuple[uuid.UUID, str], Response] = {}
        self._documents: dict[uuid.UUID, dict[str, Any]] = {}
        self._unindexed: list[Record] = []

    def refresh(self, **_: Any) -> None:
        """Nothing: a commit is seen by the next reader."""

    def create(self, **_: Any) -> None:
        """Nothing: the index is made with its records."""

    def delete(self, **_: Any) -> None:
        """Nothing: the database goes with the run."""

    def get(self, *, index: str, id: uuid.UUID) -> dict[str, Any]:
        return {"_source": self._documents.get(id, {})}

    def update(self, index: str, *, id: uuid.UUID, body: dict[str, Any]) -> None:
        self._documents[id] = body["doc"]
        for document in body["doc"]["responses"]:
            self._plant(id, document)

    def _plant(self, record_id: uuid.UUID, document: dict[str, Any]) -> None:
        # A user has one answer a record in Argilla: another one takes its place.
        key = (record_id, document["user_id"])
        response = self._responses.get(key)
        if response is None:
            response = Response(record_id=record_id, user_id=uuid.UUID(document["user_id"]))
            self._responses[key] = response
            TestSession().add(response)
        response.status = document["status"]
        response.values = {"rating": {"value": document["rating"]}}

    def bulk(self, actions: list[dict[str, Any]]) -> None:
        """The texts of a data set that has no field for them yet."""
        records = [_of_session(Record, action["_id"]) for action in actions]
        for record, action in zip(records, actions, strict=True):
            record.fields = action["fields"]
        settings = {"type": "text", "use_markdown": False}
        dataset_id = records[0].dataset_id
        TestSession().add(Field(name="text", title="t", settings=settings, dataset_id=dataset_id))
        self._unindexed += records

    async def index(self, engine: SqliteSearchEngine) -> None:
        """Index what `bulk` wrote."""
        records, self._unindexed = self._unindexed, []
        if records:
            dataset = _of_session(Dataset, records[0].dataset_id)
            await engine.create_index(dataset)
            await engine.index_records(dataset, records)


def _of_session(kind: type[Any], id: uuid.UUID) -> Any:
    return next(o for o in TestSession().sync_session if isinstance(o, kind) and o.id == id)


@pytest.fixture(scope="session")
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest_asyncio.fixture(scope="session")
async def database() -> AsyncIterator[None]:
    """Migrated, and set up by the launcher's `start`, short of Argilla's own command line."""
    set_task(asyncio.current_task())
    migrate_db("head")
    argilla_server.cli.app = lambda **_: None
    main(["start"])
    TestSession.configure(bind=async_engine)
    yield
    await async_engine.dispose()


@pytest_asyncio.fixture(autouse=True)
async def db(database: None) -> AsyncIterator[Any]:
    yield TestSession()
    await TestSession.remove()


@pytest.fixture
def opensearch(monkeypatch: pytest.MonkeyPatch) -> Planted:
    monkeypatch.setattr(opensearchpy.helpers, "bulk", lambda client, actions: client.bulk(actions))
    return Planted()


@pytest_asyncio.fixture
async def search_engine(opensearch: Planted) -> CommittedEngine:
    return CommittedEngine(await SqliteSearchEngine.new_instance(), opensearch)
