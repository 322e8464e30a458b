"""Answers to suggestions, made by hand and by made-up reviews."""

from datetime import UTC, datetime, timedelta

from benchmarks.pulled_review import Round
from corpus.articles import Response, ScoredSpan, Span, Status
from corpus.ledger_rows import LedgerEntry
from corpus.simulation import SimulatedReviewer

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
ADA, BO = Span(0, 3, "person"), Span(8, 10, "person")
# A model that gets better, and a new one.
ROUNDS = [Round(200, 0.65, "m:1"), Round(200, 0.8, "m:2")]
SEEDS = range(10)


def answer(
    article: str,
    seconds: float = 0,
    annotator: str = "x",
    status: Status = "submitted",
    blind: bool = False,
    topic: str = "World",
) -> LedgerEntry:
    at = NOON + timedelta(seconds=seconds)
    said = Response(article, annotator, status, topic, (ADA,), at)
    if blind:
        return LedgerEntry(said, "g", True)
    return LedgerEntry(said, "g", False, "World", 0.9, "m", (ScoredSpan(0, 3, "person", 0.6),), "m")


def reviewer(pull: float) -> SimulatedReviewer:
    return SimulatedReviewer("x", topic_noise=0, span_noise=0, seed=7, pull=pull)
