"""``python tests/team/plain_engine.py …``: the stock argilla-server with a minimal search engine.

It stands where Elasticsearch stands in deploy/compose.yaml, and answers what Copydesk's flows and
REST without a question ask: progress, and records in the order of loading. Text, filters, sorts and
vectors it refuses, so that no test can take it for a search engine. Nothing of
embedded/argilla is used. Runs in .venv-argilla.
"""

import sys
from uuid import UUID

from argilla_server.database import AsyncSessionLocal
from argilla_server.models import Record, Response
from argilla_server.search_engine import (
    FloatMetadataMetrics,
    IntegerMetadataMetrics,
    SearchEngine,
    SearchResponseItem,
    SearchResponses,
    TermsMetrics,
)
from sqlalchemy import func, select

NAME = "plain"
METRICS = {"terms": TermsMetrics, "integer": IntegerMetadataMetrics, "float": FloatMetadataMetrics}


@SearchEngine.register(NAME)
class PlainSearchEngine(SearchEngine):
    """Answers from the server's own tables; keeps nothing, so it has nothing to index."""

    @classmethod
    async def new_instance(cls):
        return cls()

    async def close(self):
        return None

    async def ping(self):
        return await self._count(Record, Record.id.is_(None)) == {"total": 0}

    async def info(self):
        return {"name": NAME}

    async def _nothing_to_index(self, *_, **__):
        return None

    create_index = delete_index = configure_metadata_property = _nothing_to_index
    index_records = partial_record_update = delete_records = _nothing_to_index
    update_record_response = delete_record_response = _nothing_to_index
    update_record_suggestion = delete_record_suggestion = _nothing_to_index
    configure_index_vectors = _nothing_to_index

    async def get_dataset_progress(self, dataset):
        return await self._count(Record, Record.dataset_id == dataset.id)

    async def get_dataset_user_progress(self, dataset, user):
        own = Response.record_id.in_(select(Record.id).where(Record.dataset_id == dataset.id))
        return await self._count(Response, own, Response.user_id == user.id)

    async def search(
        self, dataset, query=None, filter=None, sort=None, offset=0, limit=100, user_id=None
    ):
        if query or filter or sort:
            raise ValueError("the tests' engine knows no text, filter or sort")
        chosen = select(Record.id).where(Record.dataset_id == dataset.id)
        async with AsyncSessionLocal() as db:
            total = await db.scalar(select(func.count()).select_from(chosen.subquery()))
            page = chosen.order_by(Record.inserted_at, Record.id).offset(offset).limit(limit)
            found: list[UUID] = list(await db.scalars(page))
        items = [SearchResponseItem(record_id=record_id, score=1.0) for record_id in found]
        return SearchResponses(items=items, total=total)

    async def compute_metrics_for(self, metadata_property):
        kind = metadata_property.type.value
        return TermsMetrics(total=0, values=[]) if kind == "terms" else METRICS[kind]()

    async def similarity_search(self, *_, **__):
        raise ValueError("the tests' engine knows no vectors")

    async def _count(self, model, *conditions):
        rows = select(model.status, func.count()).where(*conditions).group_by(model.status)
        async with AsyncSessionLocal() as db:
            counts = {status.value: number for status, number in (await db.execute(rows)).all()}
        return {"total": sum(counts.values()), **counts}


def main() -> None:
    """``worker …`` is Argilla's own command; all else goes to uvicorn, as in the compose file."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["worker"]:
        from argilla_server.cli import app

        app(args=arguments, prog_name="argilla_server")
        return
    import uvicorn

    uvicorn.main(args=arguments, prog_name="uvicorn")


if __name__ == "__main__":
    main()
