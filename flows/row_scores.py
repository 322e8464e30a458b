"""Scores of published rows: what a card shows is computed from what is published with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from corpus.articles import Span
from flows.model_store import Kind
from training.evaluation import score_entities, score_topics
from training.evaluation.counts import Counts, span_counts, topic_counts

Row = Mapping[str, Any]
# Stands for every topic that is not the desk's.
ANOTHER = ""


def score_rows(rows: Sequence[Row], kind: Kind, labels: Sequence[str], seed: int) -> dict[str, Any]:
    """The scores of training.evaluation; empty without rows."""
    if not rows:
        return {}
    if kind == "topics":
        gold, said = ([row[side] for row in rows] for side in ("gold", "predicted"))
        return score_topics(gold, said, labels, seed).to_dict()
    gold_spans, found = spans_of(rows, "gold"), spans_of(rows, "predicted")
    return score_entities(gold_spans, found, labels, seed).to_dict()


def counted_labels(kind: Kind, labels: Sequence[str]) -> list[str]:
    """The columns of ``row_counts``."""
    return [*labels, ANOTHER] if kind == "topics" else list(labels)


def row_counts(rows: Sequence[Row], kind: Kind, labels: Sequence[str]) -> Counts:
    """What rows of any model are worth by these labels: a topic that nobody asked for is wrong,
    spans of other types are left out, as they are of suggestions.
    """
    if kind == "entities":
        return span_counts(spans_of(rows, "gold"), spans_of(rows, "predicted"), labels)
    gold = [row["gold"] for row in rows]
    said = [row["predicted"] if row["predicted"] in labels else ANOTHER for row in rows]
    return topic_counts(gold, said, counted_labels(kind, labels))


def spans_of(rows: Sequence[Row], side: str) -> list[list[Span]]:
    """Gold or predicted spans of each row."""
    return [[Span(s["start"], s["end"], s["label"]) for s in row[side]] for row in rows]
