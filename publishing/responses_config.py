"""The configurations that show how gold came about: every answer, and where answers differ."""

import hashlib
import hmac
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from datasets import Features, List, Value

from corpus.articles import ReviewedArticle, ScoredSpan, Span, chosen_topics
from corpus.ledger_rows import LedgerEntry
from corpus.review_state import Reviewed
from publishing.agents import published_agent
from publishing.topic_columns import (
    require_known,
    suggested_cells,
    suggested_features,
    topic_cells,
    topic_features,
)

ANSWERS = ("submitted", "discarded")
SPAN = {"start": Value("int32"), "end": Value("int32"), "label": Value("string")}


def published_name(secret: bytes, annotator: str) -> str:
    """The pseudonym outside: without the desk's secret nobody can tell whose it is.

    HMAC (RFC 2104) of the ledger's name, which is a hash of the account's id alone.
    """
    return "annotator-" + hmac.new(secret, annotator.encode(), hashlib.sha256).hexdigest()[:10]


def to_the_minute(time: datetime) -> datetime:
    """As answers are dated outside: seconds would tell how fast somebody worked."""
    return time.replace(second=0, microsecond=0)


def responses_features(
    topics: Sequence[str], entities: Sequence[str], several_topics: bool = False
) -> Features:
    """One row an answer. Times are UTC, to the minute; offsets are those of the article's text.

    Agents are those of ``published_agent``.
    """
    columns: dict[str, Any] = {
        "article_id": Value("string"),
        "annotator": Value("string"),
        "status": Value("string"),
    }
    if topics:
        columns |= topic_features(topics, several_topics)
    if entities:
        columns["spans"] = List(SPAN)
    columns |= {
        "answered_at": Value("timestamp[us, tz=UTC]"),
        "guidelines": Value("string"),
        "blind": Value("bool"),
        "simulated": Value("bool"),
    }
    if topics:
        columns |= {**suggested_features(several_topics), "topic_agent": Value("string")}
    if entities:
        columns |= {
            "suggested_spans": List({**SPAN, "score": Value("float32")}),
            "spans_agent": Value("string"),
        }
    return Features(columns)


def responses_rows(
    review: Reviewed,
    topics: Sequence[str],
    entities: Sequence[str],
    several_topics: bool = False,
) -> Iterator[dict[str, Any]]:
    """Every submitted or discarded answer that counts now, by article and annotator."""
    names = {e.response.annotator for e in review.answers}
    pseudonyms = {name: published_name(review.secret, name) for name in names}
    answers = [entry for entry in review.answers if entry.response.status in ANSWERS]
    answers.sort(key=lambda e: (e.response.article_id, pseudonyms[e.response.annotator]))
    for entry in answers:
        row = _response_row(entry, pseudonyms, entry.key in review.simulated, entities)
        if topics:
            require_known(entry.response, topics, entry.response.article_id)
            row |= topic_cells(entry.response, topics, several_topics)
            row |= suggested_cells(entry, several_topics)
            row["topic_agent"] = published_agent(entry.topic_agent)
        yield row


def disagreements_features(
    topics: Sequence[str], entities: Sequence[str], several_topics: bool = False
) -> Features:
    """One row an article whose annotators differ; votes count submitted answers."""
    columns: dict[str, Any] = {"id": Value("string"), "answers": Value("int32")}
    if topics:
        columns |= topic_features(topics, several_topics)
        columns["topic_votes"] = List({"topic": Value("string"), "votes": Value("int32")})
    if entities:
        columns["span_votes"] = List({**SPAN, "votes": Value("int32")})
    columns |= {
        "resolution": Value("string"),
        "agreement": Value("float32"),
        "published": Value("bool"),
    }
    return Features(columns)


def disagreements_rows(
    review: Reviewed,
    published: Sequence[str],
    topics: Sequence[str],
    entities: Sequence[str],
    several_topics: bool = False,
) -> list[dict[str, Any]]:
    """Articles with two or more submitted answers that are not all the same, by id.

    ``resolution`` is the rule that decided, "tie", "waiting" (fewer answers than the desk asks
    for) or "near-duplicate" (left out); ``agreement`` that of the questions it decided;
    ``published`` says whether the article is in the default configuration.
    """
    groups: dict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in review.answers:
        if entry.response.status == "submitted":
            groups[entry.response.article_id].append(entry)
    gold = {r.article.id: r for r in review.gold.reviewed}
    quarantined, there = set(review.gold.quarantined), set(published)
    rows = []
    for identifier, group in sorted(groups.items()):
        answers = [(chosen_topics(e.response), frozenset(e.response.spans or ())) for e in group]
        if len(set(answers)) > 1:
            found = gold.get(identifier)
            left_out = "near-duplicate" if identifier in quarantined else "waiting"
            row = _votes(group, found, topics, entities, several_topics)
            rows.append(
                {"id": identifier, "answers": len(group), **row}
                | {
                    "resolution": found.rule if found else left_out,
                    "agreement": found.agreement if found else None,
                    "published": identifier in there,
                }
            )
    return rows


def span_row(span: Span | ScoredSpan) -> dict[str, Any]:
    """As ``SPAN`` describes it."""
    return {"start": span.start, "end": span.end, "label": span.label}


def _response_row(
    entry: LedgerEntry,
    pseudonyms: Mapping[str, str],
    simulated: bool,
    entities: Sequence[str],
) -> dict[str, Any]:
    answer = entry.response
    row: dict[str, Any] = {
        "article_id": answer.article_id,
        "annotator": pseudonyms[answer.annotator],
        "status": answer.status,
        "answered_at": to_the_minute(answer.answered_at),
        "guidelines": entry.guidelines,
        "blind": entry.blind,
        "simulated": simulated,
    }
    if entities:
        row |= {
            "spans": None if answer.spans is None else [span_row(s) for s in answer.spans],
            "suggested_spans": _scored(entry.suggested_spans),
            "spans_agent": published_agent(entry.spans_agent),
        }
    return row


def _votes(
    group: Sequence[LedgerEntry],
    gold: ReviewedArticle | None,
    topics: Sequence[str],
    entities: Sequence[str],
    several_topics: bool,
) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if topics:
        votes = Counter(t for e in group for t in chosen_topics(e.response) or ())
        row |= topic_cells(gold, topics, several_topics)
        row["topic_votes"] = [{"topic": t, "votes": votes[t]} for t in topics if votes[t]]
    if entities:
        marks = Counter(span for e in group for span in set(e.response.spans or ()))
        row["span_votes"] = [{**span_row(s), "votes": n} for s, n in sorted(marks.items())]
    return row


def _scored(spans: Sequence[ScoredSpan] | None) -> list[dict[str, Any]] | None:
    return None if spans is None else [{**span_row(s), "score": s.score} for s in spans]
