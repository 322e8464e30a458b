"""Scores of a model on a labelled file: one dictionary, ready for JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from corpus.errors import DeskError
from corpus.intervals import Interval
from corpus.labelled.read import LabelledRow
from training.evaluation import score_entities, score_topics
from training.evaluation.topics import score_topic_sets
from training.prediction.loaded import LoadedModel


def score_rows(
    loaded: LoadedModel, rows: Sequence[LabelledRow], seed: int, count_unknown: bool = False
) -> dict[str, Any]:
    """The scores with their intervals, over these rows.

    ``count_unknown``: labels that the model does not know count as missed; else they raise
    DeskError.
    """
    labels = [*loaded.labels, *_unknown(loaded, rows, count_unknown)]
    texts = [row.text for row in rows]
    if loaded.kind == "entities":
        spans = [[s.span() for s in found] for found in loaded.spans_of(texts)]
        entities = score_entities([row.spans for row in rows], spans, labels, seed)
        averages = {name: getattr(entities, name) for name in ("precision", "recall", "f1")}
        return _result(averages, entities.labels)
    found = loaded.topics_of(texts)
    if loaded.several:
        said = [prediction.topics for prediction in found]
        sets = score_topic_sets([row.topics for row in rows], said, labels, seed)
        averages = {"accuracy": sets.exact, "macro_f1": sets.macro_f1, "micro_f1": sets.micro_f1}
        return _result(averages, sets.labels)
    gold = [_only_topic(row) for row in rows]
    scores = score_topics(gold, [prediction.topic for prediction in found], labels, seed)
    return _result({"accuracy": scores.accuracy, "macro_f1": scores.macro_f1}, scores.labels)


def _only_topic(row: LabelledRow) -> str:
    if len(row.topics) != 1:
        raise DeskError(
            f"Row {row.number} has {len(row.topics)} topics, but the model gives each text one.",
            "Score a model for several topics, or correct the row.",
        )
    return row.topics[0]


def _result(averages: Mapping[str, Interval | None], labels: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: score and asdict(score) for name, score in averages.items()},
        "per_label": {name: asdict(scores) for name, scores in labels.items()},
        "support": {name: scores.support for name, scores in labels.items()},
    }


def _unknown(loaded: LoadedModel, rows: Sequence[LabelledRow], counted: bool) -> list[str]:
    known = set(loaded.labels)
    unknown = sorted(set[str]().union(*(row.labels() for row in rows)) - known)
    every = unknown and not any(row.labels() & known for row in rows)
    if unknown and (every or not counted):
        row = next(row for row in rows if unknown[0] in row.labels())
        raise DeskError(
            f"Row {row.number}: the model does not know the label {unknown[0]!r} "
            f"(it knows {', '.join(loaded.labels)}).",
            "Name another column or model"
            + (", or add --count-unknown to count such labels as missed." if not every else "."),
        )
    return unknown
