"""What a model said about blind records: made like any suggestion, shown to nobody.

It stands in the ledger's own segments (``hidden/*.parquet``) and never in Argilla, so that later
answers given without suggestions can be compared with what they would have been suggested.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from corpus.articles import Prediction, ScoredSpan
from corpus.ledger import Ledger
from corpus.ledger_rows import shown_topics, topics_json

KIND = "hidden"


@dataclass(frozen=True, slots=True)
class HiddenPrediction:
    """A prediction as Argilla would have shown it, and when it was made."""

    prediction: Prediction
    predicted_at: datetime


Hidden = Mapping[str, Sequence[HiddenPrediction]]


def read_hidden(ledger: Ledger) -> dict[str, list[HiddenPrediction]]:
    """Article id → what was predicted and not shown, the oldest first."""
    found: dict[str, list[HiddenPrediction]] = defaultdict(list)
    for row in ledger.rows(KIND):
        found[row["article_id"]].append(_from_row(row))
    return {i: sorted(f, key=lambda h: h.predicted_at) for i, f in found.items()}


def append_hidden(ledger: Ledger, predictions: Iterable[Prediction], at: datetime) -> int:
    """Append predictions that the ledger does not hold as the last of their article.

    Called before the records are logged: a kill in between costs a row that the next load repeats.
    Returns how many were appended.
    """
    known = {i: found[-1].prediction for i, found in read_hidden(ledger).items()}
    new = [p for p in predictions if known.get(p.article_id) != p]
    ledger.append(KIND, [_to_row(prediction, at) for prediction in new])
    return len(new)


def hidden_at(found: Sequence[HiddenPrediction], at: datetime) -> Prediction | None:
    """What would have been shown then: the last made before, else the first (clocks differ)."""
    earlier = [hidden for hidden in found if hidden.predicted_at <= at]
    chosen = earlier[-1:] or found[:1]
    return chosen[0].prediction if chosen else None


def _to_row(prediction: Prediction, at: datetime) -> dict[str, Any]:
    spans = prediction.spans
    score = prediction.topic_score
    return {
        "article_id": prediction.article_id,
        "topic": prediction.topic or "",
        "topic_score": float("nan") if score is None else score,
        "topics": topics_json(prediction.topics),
        "topic_agent": prediction.topic_agent,
        "spans": ""
        if spans is None
        else json.dumps([[s.start, s.end, s.label, s.score] for s in spans], ensure_ascii=False),
        "spans_agent": prediction.spans_agent,
        "predicted_at": at.astimezone(UTC).isoformat(),
    }


def _from_row(row: Mapping[str, Any]) -> HiddenPrediction:
    score = row["topic_score"]
    spans = json.loads(row["spans"]) if row["spans"] else None
    return HiddenPrediction(
        Prediction(
            article_id=row["article_id"],
            topic=row["topic"] or None,
            topic_score=None if score != score else score,
            topic_agent=row["topic_agent"],
            spans=None if spans is None else tuple(ScoredSpan(*span) for span in spans),
            spans_agent=row["spans_agent"],
            topics=shown_topics(row.get("topics", "")),
        ),
        datetime.fromisoformat(row["predicted_at"]),
    )
