"""Argilla's search engine on SQLite.

Values are indexed by triggers in the transaction that changes them (index_tables.py); text and
vectors in a side file when the server, having committed, calls the engine (text_index.py). The
engine is made for each request, so it holds nothing.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any

from argilla_server.enums import MetadataPropertyType, SimilarityOrder
from argilla_server.search_engine import (
    Filter,
    MetadataMetrics,
    Order,
    SearchEngine,
    SearchResponses,
    TextQuery,
)

from embedded.argilla import metrics, text_index
from embedded.argilla.connections import read, write
from embedded.argilla.filters import hex_id
from embedded.argilla.search import Page, find
from embedded.argilla.similarity import Wanted, nearest

NAME = "sqlite"
INDEXED = "SELECT count(*) FROM search.indexed"


@SearchEngine.register(NAME)
class SqliteSearchEngine(SearchEngine):  # type: ignore[misc]
    """See the module. Every method answers from the database as it is committed."""

    @classmethod
    async def new_instance(cls) -> "SqliteSearchEngine":
        return cls()

    async def close(self) -> None:
        return None

    async def ping(self) -> bool:
        return bool(await read(lambda db: db.execute("SELECT 1").fetchone() == (1,)))

    async def info(self) -> dict[str, Any]:
        """Asks both files, so that a server whose searches hang or fail is not called healthy."""
        indexed = await read(lambda db: db.execute(INDEXED).fetchone()[0])
        return {"name": NAME, "sqlite": sqlite3.sqlite_version, "indexed_records": indexed}

    async def create_index(self, dataset: Any) -> None:
        dataset_id = hex_id(dataset.id)
        await write(lambda db: text_index.create(db, dataset_id))

    async def delete_index(self, dataset: Any) -> None:
        dataset_id = hex_id(dataset.id)
        await write(lambda db: text_index.drop_dataset(db, dataset_id))

    async def configure_metadata_property(self, dataset: Any, metadata_property: Any) -> None:
        """Nothing to do: a trigger has indexed the property's values."""

    async def configure_index_vectors(self, vector_settings: Any) -> None:
        """Nothing to do: vectors need no mapping."""

    async def index_records(self, dataset: Any, records: Iterable[Any]) -> None:
        dataset_id, ids = hex_id(dataset.id), [hex_id(record.id) for record in records]
        await write(lambda db: text_index.index_records(db, dataset_id, ids))

    async def partial_record_update(self, record: Any, **update: Any) -> None:
        """Nothing to do: a trigger has noted the record's status."""

    async def delete_records(self, dataset: Any, records: Iterable[Any]) -> None:
        dataset_id = hex_id(dataset.id)
        await write(lambda db: text_index.forget_deleted(db, dataset_id))

    async def update_record_response(self, response: Any) -> None:
        """Nothing to do: a trigger has indexed the answer."""

    async def delete_record_response(self, response: Any) -> None:
        """Nothing to do: a trigger has forgotten the answer."""

    async def update_record_suggestion(self, suggestion: Any) -> None:
        """Nothing to do: a trigger has indexed the suggestion."""

    async def delete_record_suggestion(self, suggestion: Any) -> None:
        """Nothing to do: a trigger has forgotten the suggestion."""

    async def get_dataset_progress(self, dataset: Any) -> dict[str, int]:
        if dataset.is_draft:
            return {}
        dataset_id = hex_id(dataset.id)
        return await read(lambda db: metrics.progress(db, dataset_id))

    async def get_dataset_user_progress(self, dataset: Any, user: Any) -> dict[str, int]:
        if dataset.is_draft:
            return {}
        dataset_id, user_id = hex_id(dataset.id), hex_id(user.id)
        return await read(lambda db: metrics.user_progress(db, dataset_id, user_id))

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
        dataset_id, page = hex_id(dataset.id), Page(sort or (), offset, limit, user_id)
        return await read(lambda db: find(db, dataset_id, query, filter, page))

    async def compute_metrics_for(self, metadata_property: Any) -> MetadataMetrics:
        dataset_id, name = hex_id(metadata_property.dataset_id), metadata_property.name
        kind = MetadataPropertyType(metadata_property.type)
        return await read(lambda db: metrics.of_property(db, dataset_id, name, kind))

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
            raise ValueError(
                "Must provide either vector value or record to compute the similarity search"
            )
        vector = value or record.vector_value_by_vector_settings(vector_settings)
        if not vector:
            raise ValueError("Cannot find a vector value to apply with provided info")
        wanted = Wanted(
            settings_id=hex_id(vector_settings.id),
            vector=vector,
            downwards=order == SimilarityOrder.least_similar,
            without=hex_id(record.id) if record is not None else "",
            limit=max_results,
            threshold=threshold,
        )
        dataset_id = hex_id(dataset.id)
        return await read(lambda db: nearest(db, dataset_id, wanted, query, filter))
