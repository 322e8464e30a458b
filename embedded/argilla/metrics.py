"""Counts and ranges, as the UI's progress bars and filter menus ask for them."""

import sqlite3
from array import array

from argilla_server.enums import MetadataPropertyType
from argilla_server.search_engine import (
    FloatMetadataMetrics,
    IntegerMetadataMetrics,
    MetadataFilterScope,
    MetadataMetrics,
    TermsMetrics,
)

from embedded.argilla.filters import Sql, value_source

# Elasticsearch is asked by Argilla for at most so many different terms.
MAX_TERMS = 2**14


def progress(db: sqlite3.Connection, dataset_id: str) -> dict[str, int]:
    """Records by status, and their total."""
    sql = "SELECT status, count(*) FROM copydesk_docs WHERE dataset_id = ? GROUP BY status"
    return _counts(db, sql, [dataset_id])


def user_progress(db: sqlite3.Connection, dataset_id: str, user_id: str) -> dict[str, int]:
    """A user's responses by status, and their total."""
    sql = (
        "SELECT status, count(*) FROM copydesk_responses WHERE dataset_id = ? AND user_id = ? "
        "GROUP BY status"
    )
    return _counts(db, sql, [dataset_id, user_id])


def of_property(
    db: sqlite3.Connection, dataset_id: str, name: str, kind: MetadataPropertyType
) -> MetadataMetrics:
    """Counts of a property's terms, most frequent first, or the range of its numbers."""
    source = value_source(MetadataFilterScope(metadata_property=name), dataset_id)
    if kind == MetadataPropertyType.terms:
        return _terms(db, source)
    sql = f"SELECT min(v.value), max(v.value) {source.text} AND v.value < ''"
    low, high = db.execute(sql, source.values).fetchone()
    if kind == MetadataPropertyType.integer:
        return IntegerMetadataMetrics(min=low, max=high)
    return FloatMetadataMetrics(min=_single(low), max=_single(high))


def _terms(db: sqlite3.Connection, source: Sql) -> TermsMetrics:
    sql = (
        f"SELECT CAST(v.value AS TEXT), count(*) {source.text} GROUP BY v.value "
        "ORDER BY 2 DESC, 1 ASC"
    )
    rows = db.execute(sql, source.values).fetchall()
    counts = [TermsMetrics.TermCount(term=term, count=count) for term, count in rows[:MAX_TERMS]]
    return TermsMetrics(total=sum(count for _, count in rows), values=counts)


def _single(value: float | None) -> float | None:
    """Stock Argilla maps float metadata to Elasticsearch's `float`: 32 bits."""
    return None if value is None else float(array("f", [value])[0])


def _counts(db: sqlite3.Connection, sql: str, values: list[str]) -> dict[str, int]:
    counts = {str(status): int(count) for status, count in db.execute(sql, values)}
    return {"total": sum(counts.values()), **counts}
