"""Argilla's search engine on SQLite: its own tables for everything but text and vectors.

The server commits before it calls the engine, so what SQL can ask needs no index and cannot
drift: the update hooks for responses and suggestions have nothing to do. The engine is made
for each request, so it holds nothing.
"""

import sqlite3
from array import array
from collections.abc import Callable, Iterable
from math import sqrt
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from argilla_server.database import async_engine
from argilla_server.enums import MetadataPropertyType, SimilarityOrder
from argilla_server.search_engine import (
    Filter,
    FloatMetadataMetrics,
    IntegerMetadataMetrics,
    MetadataMetrics,
    Order,
    SearchEngine,
    SearchResponseItem,
    SearchResponses,
    TermsMetrics,
    TextQuery,
)
from argilla_server.settings import settings
from sqlalchemy import event, make_url

from embedded.argilla import text_index
from embedded.argilla.filters import Sql, hex_id, json_path, to_condition
from embedded.argilla.sorting import random_order, to_order_by
from embedded.argilla.text_search import rank_source, to_text_condition

NAME = "sqlite"
T = TypeVar("T")


def database_file() -> Path:
    """Argilla's own database."""
    return Path(make_url(settings.database_url).database or "")


def index_file() -> Path:
    """The side file beside it."""
    return database_file().with_name("search.db")


def refuse_other_databases() -> None:
    """This engine reads Argilla's tables in SQLite; it cannot serve another database."""
    if not settings.database_is_sqlite:
        raise SystemExit(
            "error: the embedded search engine needs ARGILLA_DATABASE_URL to be SQLite.\n"
            "  → Unset ARGILLA_DATABASE_URL, or run the stock Argilla server with Elasticsearch."
        )


def attach_index_on_connect() -> None:
    """Give every connection of the server the side file and settings for many readers."""

    @event.listens_for(async_engine.sync_engine, "connect")
    def attach(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("ATTACH DATABASE ? AS search", (str(index_file()),))
        cursor.execute("PRAGMA search.journal_mode = WAL")
        for statement in text_index.SCHEMA.format(s="search.").split(";"):
            cursor.execute(statement)
        cursor.close()


@SearchEngine.register(NAME)
class SqliteSearchEngine(SearchEngine):  # type: ignore[misc]
    """See the module. Every method answers from the database as it is committed."""

    @classmethod
    async def new_instance(cls) -> "SqliteSearchEngine":
        return cls()

    async def close(self) -> None:
        return None

    async def ping(self) -> bool:
        return bool(await _run(lambda db: db.execute("SELECT 1").fetchone()) == (1,))

    async def info(self) -> dict[str, Any]:
        return {"name": NAME, "sqlite": sqlite3.sqlite_version}

    async def create_index(self, dataset: Any) -> None:
        dataset_id = hex_id(dataset.id)

        def create(db: sqlite3.Connection) -> None:
            fields = text_index.text_fields(db, dataset_id)
            db.execute(text_index.create_statement(dataset_id, fields))

        await _run(create, write=True)

    async def delete_index(self, dataset: Any) -> None:
        dataset_id = hex_id(dataset.id)
        await _run(lambda db: text_index.drop_dataset(db, dataset_id), write=True)

    async def configure_metadata_property(self, dataset: Any, metadata_property: Any) -> None:
        return None

    async def configure_index_vectors(self, vector_settings: Any) -> None:
        return None

    async def index_records(self, dataset: Any, records: Iterable[Any]) -> None:
        dataset_id, ids = hex_id(dataset.id), [hex_id(record.id) for record in records]
        await _run(lambda db: text_index.index_records(db, dataset_id, ids), write=True)

    async def partial_record_update(self, record: Any, **update: Any) -> None:
        return None

    async def delete_records(self, dataset: Any, records: Iterable[Any]) -> None:
        dataset_id, ids = hex_id(dataset.id), [hex_id(record.id) for record in records]
        await _run(lambda db: text_index.delete_records(db, dataset_id, ids), write=True)

    async def update_record_response(self, response: Any) -> None:
        return None

    async def delete_record_response(self, response: Any) -> None:
        return None

    async def update_record_suggestion(self, suggestion: Any) -> None:
        return None

    async def delete_record_suggestion(self, suggestion: Any) -> None:
        return None

    async def get_dataset_progress(self, dataset: Any) -> dict[str, int]:
        if dataset.is_draft:
            return {}
        sql = "SELECT status, count(*) FROM records WHERE dataset_id = ? GROUP BY status"
        return await _counts(sql, [hex_id(dataset.id)])

    async def get_dataset_user_progress(self, dataset: Any, user: Any) -> dict[str, int]:
        if dataset.is_draft:
            return {}
        sql = (
            "SELECT p.status, count(*) FROM responses p JOIN records r ON r.id = p.record_id "
            "WHERE r.dataset_id = ? AND p.user_id = ? GROUP BY p.status"
        )
        return await _counts(sql, [hex_id(dataset.id), hex_id(user.id)])

    async def search(
        self,
        dataset: Any,
        query: TextQuery | str | None = None,
        filter: Filter | None = None,
        sort: list[Order] | None = None,
        offset: int = 0,
        limit: int = 100,
        user_id: Any = None,
    ) -> SearchResponses:
        """Records that fit; sorted, else by relevance, else at random for each user."""
        where = _where(dataset, filter)

        def find(db: sqlite3.Connection) -> SearchResponses:
            text = to_text_condition(db, hex_id(dataset.id), query)
            condition = f"{where.text} AND ({text.text})"
            values = [*where.values, *text.values]
            total = db.execute(
                f"SELECT count(*) FROM records r WHERE {condition}", values
            ).fetchone()
            rank = rank_source(db, hex_id(dataset.id), query)
            order = _order(sort, user_id, ranked=rank is not None)
            score = "NULL" if sort else "1.0" if rank is None else "-k.rank"
            join = f"LEFT JOIN ({rank.text}) k ON k.record_id = r.id" if rank is not None else ""
            rows = db.execute(
                f"SELECT r.id, {score} FROM records r {join} WHERE {condition} "
                f"ORDER BY {order.text} LIMIT ? OFFSET ?",
                [*(rank.values if rank else []), *values, *order.values, limit, offset],
            ).fetchall()
            items = [SearchResponseItem(record_id=UUID(i), score=s) for i, s in rows]
            return SearchResponses(items=items, total=total[0])

        return await _run(find)

    async def compute_metrics_for(self, metadata_property: Any) -> MetadataMetrics:
        dataset_id, path = hex_id(metadata_property.dataset_id), json_path(metadata_property.name)
        source = (
            "FROM records r JOIN json_each(r.metadata, ?) v "
            "WHERE r.dataset_id = ? AND v.value IS NOT NULL"
        )
        if metadata_property.type == MetadataPropertyType.terms:
            sql = (
                f"SELECT CAST(v.value AS TEXT), count(*) {source} GROUP BY 1 ORDER BY 2 DESC, 1 ASC"
            )
            rows = await _run(lambda db: db.execute(sql, [path, dataset_id]).fetchall())
            counts = [TermsMetrics.TermCount(term=term, count=count) for term, count in rows]
            return TermsMetrics(total=sum(c.count for c in counts), values=counts)
        sql = f"SELECT min(v.value), max(v.value) {source} AND typeof(v.value) <> 'text'"
        low, high = await _run(lambda db: db.execute(sql, [path, dataset_id]).fetchone())
        if metadata_property.type == MetadataPropertyType.integer:
            return IntegerMetadataMetrics(min=low, max=high)
        return FloatMetadataMetrics(min=low, max=high)

    async def similarity_search(
        self,
        dataset: Any,
        vector_settings: Any,
        value: list[float] | None = None,
        record: Any = None,
        query: TextQuery | str | None = None,
        filter: Filter | None = None,
        max_results: int = 100,
        order: SimilarityOrder = SimilarityOrder.most_similar,
        threshold: float | None = None,
    ) -> SearchResponses:
        """The nearest records by cosine, brute force; score = (1 + cosine) / 2."""
        if bool(value) == bool(record):
            raise ValueError("Must provide either vector value or record to compute the similarity")
        wanted = value or record.vector_value_by_vector_settings(vector_settings)
        if not wanted:
            raise ValueError("Cannot find a vector value to apply with provided info")
        sign = -1.0 if order == SimilarityOrder.least_similar else 1.0
        where = _where(dataset, filter)
        own = hex_id(record.id) if record is not None else ""

        def find(db: sqlite3.Connection) -> list[tuple[str, float]]:
            text = to_text_condition(db, hex_id(dataset.id), query)
            rows = db.execute(
                "SELECT x.record_id, x.value FROM search.vectors x JOIN records r "
                f"ON r.id = x.record_id WHERE x.settings_id = ? AND r.id <> ? AND {where.text} "
                f"AND ({text.text})",
                [hex_id(vector_settings.id), own, *where.values, *text.values],
            )
            scored = [(i, (1 + sign * cosine(wanted, blob)) / 2) for i, blob in rows]
            return sorted(scored, key=lambda pair: -pair[1])[:max_results]

        found = [(i, s) for i, s in await _run(find) if threshold is None or s >= threshold]
        items = [SearchResponseItem(record_id=UUID(i), score=s) for i, s in found]
        return SearchResponses(items=items, total=len(items))


def cosine(a: list[float], blob: bytes) -> float:
    """Cosine of a vector and a stored one; 0 where one of them is all zeros."""
    b = array("f", blob)
    norm = sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / norm if norm else 0.0


def _where(dataset: Any, filter_: Filter | None) -> Sql:
    condition = Sql("1") if filter_ is None else to_condition(filter_)
    text = f"r.dataset_id = ? AND ({condition.text})"
    return Sql(text, [hex_id(dataset.id), *condition.values])


def _order(sort: list[Order] | None, user_id: Any, ranked: bool) -> Sql:
    if sort:
        return to_order_by(sort)
    if ranked:
        return Sql("k.rank IS NULL, k.rank, r.inserted_at, r.id")
    return random_order(user_id) if user_id else Sql("r.inserted_at, r.id")


async def _counts(sql: str, values: list[Any]) -> dict[str, int]:
    rows = await _run(lambda db: db.execute(sql, values).fetchall())
    counts = {str(status): int(count) for status, count in rows}
    return {"total": sum(counts.values()), **counts}


async def _run(work: Callable[[sqlite3.Connection], T], write: bool = False) -> T:
    """Run ``work`` with a plain sqlite3 connection, in the thread that owns the connection."""
    async with async_engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        try:
            result: T = await driver._execute(work, driver._conn)
            if write:
                await driver.commit()
        except BaseException:
            await driver.rollback()
            raise
        return result
