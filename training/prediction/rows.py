"""What a model says of texts, as the rows that files of predictions hold."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from corpus.articles import ScoredSpan
from corpus.labelled.read import PlainRow
from training.prediction.loaded import LoadedModel

if TYPE_CHECKING:
    from training.classification.predict import TopicPrediction

# Batches of other sizes move the last digits of a probability.
DIGITS = 6


def predicted_rows(loaded: LoadedModel, rows: Sequence[PlainRow]) -> list[dict[str, Any]]:
    """One row each, in order. A row without text gets no topic, or no spans."""
    texts = [row.text for row in rows if row.text.strip()]
    if loaded.kind == "topics":
        topics = iter(loaded.topics_of(texts))
        return [_topic_row(loaded, row, next(topics) if row.text.strip() else None) for row in rows]
    spans = iter(loaded.spans_of(texts))
    return [_spans_row(row, next(spans) if row.text.strip() else ()) for row in rows]


def _named(row: PlainRow) -> dict[str, Any]:
    nothing = row.id is None or (isinstance(row.id, float) and math.isnan(row.id))
    return {} if nothing else {"id": row.id}


def _topic_row(
    loaded: LoadedModel, row: PlainRow, found: "TopicPrediction | None"
) -> dict[str, Any]:
    topics = [] if found is None else list(found.topics)
    several = {"topics": topics} if loaded.several else {}
    if found is None:
        return {**_named(row), "topic": None, **several, "score": None, "probabilities": {}}
    probabilities = {name: round(p, DIGITS) for name, p in found.probabilities.items()}
    return {
        **_named(row),
        "topic": found.topic,
        **several,
        "score": round(found.score, DIGITS),
        "probabilities": probabilities,
    }


def _spans_row(row: PlainRow, found: Sequence[ScoredSpan]) -> dict[str, Any]:
    spans = [
        {
            "start": span.start,
            "end": span.end,
            "label": span.label,
            "text": row.text[span.start : span.end],
            "score": round(span.score, DIGITS),
        }
        for span in found
    ]
    return {**_named(row), "spans": spans}
