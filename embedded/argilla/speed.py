"""What argilla-server 2.8.0 pays again for every record that is logged, paid once.

Of the CPU of logging, most rebuilds pydantic's TypeAdapter for each question of each record; much
of the rest compiles one INSERT of a thousand rows anew for each request, and builds webhook events
that no webhook hears (docs/benchmarks.md compares with the stock launcher).
"""

from copy import deepcopy
from datetime import datetime
from typing import Any
from uuid import uuid4

from argilla_server.bulk.records_bulk import CreateRecordsBulk
from argilla_server.contexts import datasets, records
from argilla_server.models import Suggestion, Vector
from argilla_server.models import database as models
from argilla_server.models.database import MetadataProperty, Question, Webhook
from argilla_server.webhooks.v1 import records as record_events
from argilla_server.webhooks.v1 import responses as response_events
from argilla_server.webhooks.v1.event import Event
from pydantic import TypeAdapter
from sqlalchemy import exists, select
from sqlalchemy.dialects.sqlite import Insert, insert

Row = dict[str, Any]
IS_HEARD = "copydesk_webhooks_enabled"


def patch() -> None:
    """All of it, before the server starts."""
    keep_parsed_settings(Question, models.QuestionSettings)
    keep_parsed_settings(MetadataProperty, models.MetadataPropertySettings)
    upsert_by_row()
    skip_unheard_events(record_events, "build_record_event")
    skip_unheard_events(response_events, "build_response_event")
    # These modules have imported the names already.
    skip_unheard_events(records, "build_record_event_v1")
    skip_unheard_events(datasets, "build_record_event_v1")
    skip_unheard_events(datasets, "build_response_event_v1")


def keep_parsed_settings(model: Any, settings_type: Any) -> None:
    """Parse the settings of a question or property once, and again when they are others."""
    adapter = TypeAdapter(settings_type)

    def parsed_settings(self: Any) -> Any:
        kept = self.__dict__.get("_copydesk_parsed")
        if kept is None or kept[0] != self.settings:
            # A copy: SQLAlchemy changes the settings in place.
            kept = (deepcopy(dict(self.settings)), adapter.validate_python(self.settings))
            self.__dict__["_copydesk_parsed"] = kept
        return kept[1]

    model.parsed_settings = property(parsed_settings)


def upsert_by_row() -> None:
    """Write suggestions and vectors with one statement that is compiled once."""
    to_suggestions = _upsert(Suggestion, ["record_id", "question_id"])
    to_vectors = _upsert(Vector, ["record_id", "vector_settings_id"])

    async def suggestions(self: Any, pairs: Any) -> list[Any]:
        await _execute(
            self._db,
            to_suggestions,
            [
                {**suggestion.model_dump(), "record_id": record.id}
                for record, items in pairs
                for suggestion in items or []
            ],
        )
        return []

    async def vectors(self: Any, pairs: Any) -> list[Any]:
        rows = []
        for record, items in pairs:
            for name, value in (items or {}).items():
                settings = record.dataset.vector_settings_by_name(name)
                row = {"value": value, "record_id": record.id, "vector_settings_id": settings.id}
                rows.append(row)
        await _execute(self._db, to_vectors, rows)
        return []

    CreateRecordsBulk._upsert_records_suggestions = suggestions
    CreateRecordsBulk._upsert_records_vectors = vectors


def _upsert(model: Any, constraint: list[str]) -> Insert:
    statement = insert(model.__table__)
    columns = {*model.__upsertable_columns__, "updated_at"}
    return statement.on_conflict_do_update(
        index_elements=constraint, set_={name: statement.excluded[name] for name in columns}
    )


async def _execute(db: Any, statement: Insert, rows: list[Row]) -> None:
    if rows:
        now = datetime.utcnow()
        stamped = [{"id": uuid4(), "inserted_at": now, "updated_at": now, **row} for row in rows]
        await (await db.connection()).execute(statement, stamped)


class _Unheard(Event):  # type: ignore[misc]
    """An event that no webhook waits for."""

    async def notify(self, db: Any) -> list[Any]:
        return []


def skip_unheard_events(module: Any, name: str) -> None:
    """Build an event only where an enabled webhook exists; asked once in each request's session."""
    build = getattr(module, name)

    async def build_if_heard(db: Any, event: Any, subject: Any, **more: Any) -> Any:
        if IS_HEARD not in db.info:
            enabled = select(exists().where(Webhook.enabled.is_(True)))
            db.info[IS_HEARD] = await db.scalar(enabled)
        if db.info[IS_HEARD]:
            return await build(db, event, subject, **more)
        return _Unheard(event=event, timestamp=datetime.utcnow(), data={})

    setattr(module, name, build_if_heard)
