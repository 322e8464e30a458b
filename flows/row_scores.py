"""Scores of published rows: what a card shows is computed from what is published with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.articles import Span
from flows.answers import answer_row_counts
from flows.model_store import Kind
from publishing.predictions import topics_of
from training.evaluation import score_entities, score_topic_sets, score_topics
from training.evaluation.calibration import score_calibration
from training.evaluation.counts import Counts, set_counts, span_counts, topic_counts
from training.evaluation.slices import score_slices

Row = Mapping[str, Any]
# Stands for every topic that is not the desk's.
ANOTHER = ""


@dataclass(frozen=True, slots=True)
class ModelScores:
    """Scores of one model: on the reviewed test split, and on the source's own test labels.

    Each is the dictionary of training.evaluation, or empty where there was nothing to score on.
    """

    kind: str
    key: str
    test: dict[str, Any]
    benchmark: dict[str, Any]


def score_rows(rows: Sequence[Row], kind: Kind, labels: Sequence[str], seed: int) -> dict[str, Any]:
    """The scores of training.evaluation with ``calibration`` and ``slices``; empty without rows."""
    if not rows:
        return {}
    if kind == "topics" and has_sets(rows):
        scores = _set_scores(rows, labels, seed)
    elif kind == "topics":
        gold, said = ([row[side] for row in rows] for side in ("gold", "predicted"))
        scores = score_topics(gold, said, labels, seed).to_dict()
    else:
        gold_spans, found = spans_of(rows, "gold"), spans_of(rows, "predicted")
        scores = score_entities(gold_spans, found, labels, seed).to_dict()
    calibration = score_calibration(*_promises(rows, kind), seed)
    slices = score_slices(
        row_counts(rows, kind, labels), [row.get("about") or {} for row in rows], seed
    )
    return scores | {
        "calibration": None if calibration is None else calibration.to_dict(),
        "slices": [part.to_dict() for part in slices],
    }


def has_sets(rows: Sequence[Row]) -> bool:
    """Whether these rows are of several topics an article."""
    return any(not isinstance(row["gold"], str) for row in rows)


def _set_scores(rows: Sequence[Row], labels: Sequence[str], seed: int) -> dict[str, Any]:
    """As of spans, ``f1`` is over all topics of all articles; ``accuracy`` is of whole sets."""
    gold, said = ([topics_of(row, side) for row in rows] for side in ("gold", "predicted"))
    found = score_topic_sets(gold, said, labels, seed).to_dict()
    return {"accuracy": found.pop("exact"), "f1": found.pop("micro_f1"), **found}


def _promises(rows: Sequence[Row], kind: Kind) -> tuple[list[float], list[bool], list[int]]:
    """Probability of every prediction, whether it came true, and the number of its article."""
    if kind == "topics" and has_sets(rows):
        return _set_promises(rows)
    if kind == "topics":
        right = [row["gold"] == row["predicted"] for row in rows]
        return [row["score"] for row in rows], right, list(range(len(rows)))
    gold, said = spans_of(rows, "gold"), spans_of(rows, "predicted")
    scored = [(span["score"], i) for i, row in enumerate(rows) for span in row["predicted"]]
    return (
        [score for score, _ in scored],
        [span in there for there, spans in zip(gold, said, strict=True) for span in spans],
        [i for _, i in scored],
    )


def _set_promises(rows: Sequence[Row]) -> tuple[list[float], list[bool], list[int]]:
    """Of each topic that was said, as of each span."""
    said = [(topic, row, i) for i, row in enumerate(rows) for topic in row["predicted"]]
    return (
        [row["probabilities"][topic] for topic, row, _ in said],
        [topic in row["gold"] for topic, row, _ in said],
        [i for _, _, i in said],
    )


def counted_labels(kind: Kind, labels: Sequence[str]) -> list[str]:
    """The columns of ``row_counts``."""
    return [*labels, ANOTHER] if kind == "topics" else list(labels)


def row_counts(rows: Sequence[Row], kind: Kind, labels: Sequence[str]) -> Counts:
    """What rows of any model are worth by these labels: a topic that nobody asked for is wrong,
    spans of other types are left out, as they are of suggestions.
    """
    if kind == "instructions":
        return answer_row_counts(rows, labels)
    if kind == "entities":
        return span_counts(spans_of(rows, "gold"), spans_of(rows, "predicted"), labels)
    if has_sets(rows):
        gold_sets, found = ([topics_of(r, side) for r in rows] for side in ("gold", "predicted"))
        known = [{t if t in labels else ANOTHER for t in topics} for topics in found]
        return set_counts(gold_sets, known, counted_labels(kind, labels))
    gold = [row["gold"] for row in rows]
    said = [row["predicted"] if row["predicted"] in labels else ANOTHER for row in rows]
    return topic_counts(gold, said, counted_labels(kind, labels))


def spans_of(rows: Sequence[Row], side: str) -> list[list[Span]]:
    """Gold or predicted spans of each row."""
    return [[Span(s["start"], s["end"], s["label"]) for s in row[side]] for row in rows]
