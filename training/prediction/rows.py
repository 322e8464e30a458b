"""What a model says of texts, as the rows that files of predictions hold."""

import math
from collections.abc import Sequence
from typing import Any

from corpus.articles import ScoredSpan
from corpus.labelled.read import PlainRow
from training.classification.predict import TopicPrediction, predict_topics
from training.entities.predict import predict_entities
from training.prediction.loaded import LoadedModel

# Batches of other sizes move the last digits of a probability.
DIGITS = 6


def predicted_rows(loaded: LoadedModel, rows: Sequence[PlainRow]) -> list[dict[str, Any]]:
    """One row each, in order. A row without text gets no topic, or no spans."""
    texts = [row.text for row in rows if row.text.strip()]
    if loaded.kind == "topics":
        topics = iter(predict_topics(loaded.model, texts))
        return [_topic_row(loaded, row, next(topics) if row.text.strip() else None) for row in rows]
    spans = iter(predict_entities(loaded.model, texts))
    return [_spans_row(row, next(spans) if row.text.strip() else ()) for row in rows]


def _named(row: PlainRow) -> dict[str, Any]:
    nothing = row.id is None or (isinstance(row.id, float) and math.isnan(row.id))
    return {} if nothing else {"id": row.id}


def _topic_row(loaded: LoadedModel, row: PlainRow, found: TopicPrediction | None) -> dict[str, Any]:
    if found is None:
        return {**_named(row), "topic": None, "score": None, "probabilities": {}}
    probabilities = {name: round(p, DIGITS) for name, p in found.probabilities.items()}
    several = {"topics": list(found.topics)} if loaded.several else {}
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
