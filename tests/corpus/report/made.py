"""Ledgers made by hand, of which every figure of a report is known."""

from datetime import UTC, datetime
from typing import Any

from corpus.articles import Response, Span, Status
from corpus.ledger_rows import LedgerEntry
from corpus.report.material import Material, gather

MONDAY = datetime(2031, 5, 5, 12, tzinfo=UTC)
ADA, BO, BOAT = Span(0, 3, "person"), Span(8, 10, "person"), Span(8, 12, "person")
A, B, C = "annotator-aaaaaaaa", "annotator-bbbbbbbb", "annotator-cccccccc"
TOPICS = ["World", "Sports"]


def said(
    article: str,
    annotator: str,
    topic: str | None = "World",
    spans: tuple[Span, ...] | None = (),
    at: datetime = MONDAY,
    **more: Any,
) -> LedgerEntry:
    status: Status = more.pop("status", "submitted")
    response = Response(article, annotator, status, topic, spans, at)
    return LedgerEntry(response, more.pop("guidelines", "g1"), False, **more)


def gone(article: str, annotator: str, at: datetime = MONDAY) -> LedgerEntry:
    return said(article, annotator, None, None, at, status="discarded")


def material(*entries: LedgerEntry, **more: Any) -> Material:
    articles = more.pop("articles", {})
    return gather(list(entries), articles, **more)
