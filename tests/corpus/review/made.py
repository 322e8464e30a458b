"""Answers and articles of a small review."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from corpus.articles import Article, Response, Span
from corpus.desk import Desk, read_desk
from corpus.ledger_rows import LedgerEntry
from corpus.resolve import Resolution, resolve_articles
from corpus.votes.rules import Policy

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
ADA = Span(0, 3, "person")
WORDS = ["harbour", "ferry", "council", "vote", "storm", "goal", "bank", "probe", "orbit", "treaty"]


def answer(
    annotator: str,
    topic: str | None = "World",
    spans: Sequence[Span] = (),
    article: str = "a",
    minutes: int = 0,
) -> Response:
    at = NOON + timedelta(minutes=minutes)
    return Response(article, annotator, "submitted", topic, tuple(spans), at)


def entry(response: Response, blind: bool = False) -> LedgerEntry:
    return LedgerEntry(response, guidelines="g1", blind=blind)


def make_articles(count: int) -> list[Article]:
    dice = random.Random(1)
    return [Article(f"{i:04d}", " ".join(dice.choices(WORDS, k=30))) for i in range(count)]


def desk(**overrides: object) -> Desk:
    return read_desk("desk.yaml", {"review.min_submitted": 1, **overrides})


def resolve(responses: Sequence[Response], asks_topic: bool, asks_spans: bool) -> Resolution:
    return resolve_articles({"a": responses}, asks_topic, asks_spans, Policy())["a"]
