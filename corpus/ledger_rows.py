"""What the ledger remembers of articles and answers, and the rows of its Parquet segments."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from corpus.articles import (
    Article,
    Prediction,
    Response,
    ScoredSpan,
    ScoredTopic,
    Span,
    Status,
)
from corpus.statements import BURIED_AFTER, StatementKey


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A response, and what the annotator was shown with it (no suggestion: blind or none)."""

    response: Response
    guidelines: str
    blind: bool
    suggested_topic: str | None = None
    suggested_topic_score: float | None = None
    topic_agent: str = ""
    suggested_spans: tuple[ScoredSpan, ...] | None = None
    spans_agent: str = ""
    suggested_topics: tuple[ScoredTopic, ...] | None = None

    @property
    def key(self) -> StatementKey:
        """Whose answer to what: one annotator answers one article once, and may edit it."""
        return (self.response.article_id, self.response.annotator)

    @property
    def status(self) -> Status:
        """The answer's."""
        return self.response.status

    @property
    def answered_at(self) -> datetime:
        """The answer's."""
        return self.response.answered_at

    def repeats(self, other: "LedgerEntry") -> bool:
        """Whether it is the same answer; what was shown with it may have changed since."""
        return self.response == other.response

    def buried(self) -> "LedgerEntry":
        """The entry that says this answer is gone from Argilla."""
        at = self.response.answered_at + BURIED_AFTER
        gone = replace(
            self.response,
            status="deleted",
            topic=None,
            topics=None,
            spans=None,
            also=(),
            answered_at=at,
        )
        return LedgerEntry(response=gone, guidelines=self.guidelines, blind=self.blind)

    def shown(self) -> Prediction:
        """What stood beside the article."""
        return Prediction(
            self.response.article_id,
            self.suggested_topic,
            self.suggested_topic_score,
            self.topic_agent,
            self.suggested_spans,
            self.spans_agent,
            self.suggested_topics,
        )


class Mark(NamedTuple):
    """That there is an answer, without what it says."""

    key: StatementKey
    status: Status
    answered_at: datetime


MARK_COLUMNS = ["article_id", "annotator", "status", "answered_at"]


def to_mark(row: Mapping[str, Any]) -> Mark:
    at = datetime.fromisoformat(row["answered_at"])
    return Mark((row["article_id"], row["annotator"]), row["status"], at)


def article_row(article: Article) -> dict[str, Any]:
    return {
        "id": article.id,
        "text": article.text,
        "title": article.title,
        "source": article.source,
        "published_at": article.published_at,
        "source_split": article.source_split or "",
        "license": article.license,
    }


def row_article(row: Mapping[str, Any]) -> Article:
    # Segments of an earlier Copydesk have no licence.
    found = {"license": "", **row, "source_split": row["source_split"] or None}
    return Article(**found)


def entry_row(entry: LedgerEntry) -> dict[str, Any]:
    answer = entry.response
    return {
        "article_id": answer.article_id,
        "annotator": answer.annotator,
        "status": answer.status,
        "topic": answer.topic or "",
        "topics": _json(answer.topics),
        "spans": _spans_json(answer.spans),
        "answered_at": answer.answered_at.astimezone(UTC).isoformat(),
        "guidelines": entry.guidelines,
        "blind": entry.blind,
        "suggested_topic": entry.suggested_topic or "",
        "suggested_topic_score": float("nan")
        if entry.suggested_topic_score is None
        else entry.suggested_topic_score,
        "suggested_topics": topics_json(entry.suggested_topics),
        "topic_agent": entry.topic_agent,
        "suggested_spans": _spans_json(entry.suggested_spans),
        "spans_agent": entry.spans_agent,
        "also": json.dumps(answer.also, ensure_ascii=False) if answer.also else "",
    }


def _spans_json(spans: Sequence[Span | ScoredSpan] | None) -> str:
    if spans is None:
        return ""
    return _json(
        [
            [s.start, s.end, s.label, *([s.score] if isinstance(s, ScoredSpan) else [])]
            for s in spans
        ]
    )


def topics_json(topics: Sequence[ScoredTopic] | None) -> str:
    """Several topics with their scores in one column; empty where nothing is said."""
    return "" if topics is None else _json([[topic.name, topic.score] for topic in topics])


def _json(items: Sequence[Any] | None) -> str:
    return "" if items is None else json.dumps(items, ensure_ascii=False)


# Answers to one article stand together, and show the same suggestion.
@lru_cache(maxsize=1024)
def _answered_spans(text: str) -> tuple[Span, ...] | None:
    return tuple(Span(*s) for s in json.loads(text)) if text else None


@lru_cache(maxsize=1024)
def _shown_spans(text: str) -> tuple[ScoredSpan, ...] | None:
    return tuple(ScoredSpan(*s) for s in json.loads(text)) if text else None


def _also(text: str) -> tuple[tuple[str, str | int], ...]:
    return tuple((name, value) for name, value in json.loads(text)) if text else ()


@lru_cache(maxsize=1024)
def _answered_topics(text: str) -> tuple[str, ...] | None:
    return tuple(json.loads(text)) if text else None


@lru_cache(maxsize=1024)
def shown_topics(text: str) -> tuple[ScoredTopic, ...] | None:
    """What ``topics_json`` wrote."""
    return tuple(ScoredTopic(*t) for t in json.loads(text)) if text else None


def row_entry(row: Mapping[str, Any]) -> LedgerEntry:
    score = row["suggested_topic_score"]
    return LedgerEntry(
        response=Response(
            article_id=row["article_id"],
            annotator=row["annotator"],
            status=row["status"],
            topic=row["topic"] or None,
            spans=_answered_spans(row["spans"]),
            answered_at=datetime.fromisoformat(row["answered_at"]),
            # Segments of an earlier Copydesk have neither.
            topics=_answered_topics(row.get("topics") or ""),
            also=_also(row.get("also") or ""),
        ),
        guidelines=row["guidelines"],
        blind=row["blind"],
        suggested_topic=row["suggested_topic"] or None,
        suggested_topic_score=None if score != score else score,
        topic_agent=row["topic_agent"],
        suggested_spans=_shown_spans(row["suggested_spans"]),
        spans_agent=row["spans_agent"],
        suggested_topics=shown_topics(row.get("suggested_topics", "")),
    )
