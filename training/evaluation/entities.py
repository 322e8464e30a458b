"""Scores of exact spans: start, end and type are right."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from corpus.articles import Span
from corpus.intervals import RESAMPLES, Interval
from training.evaluation.counts import draw_scores, require_known, require_pairs, span_counts
from training.evaluation.scores import LabelScores, averages, label_scores
from training.evaluation.span_schemes import (
    SchemeScores,
    scheme_hits,
    scheme_scores,
    type_confusion,
)


@dataclass(frozen=True, slots=True)
class EntityScores:
    """Exact-span scores (start, end and type right) over ``n`` articles, micro-averaged; None
    is not defined: there were no spans.

    ``schemes`` counts otherwise (span_schemes); ``confusion`` is gold × predicted types, then the
    column of missed and the row of invented spans.
    """

    n: int
    spans: int
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None
    macro_f1: Interval | None
    labels: dict[str, LabelScores]
    schemes: dict[str, SchemeScores]
    confusion: list[list[int]]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def score_entities(
    gold: Sequence[Collection[Span]],
    predicted: Sequence[Collection[Span]],
    types: Sequence[str],
    seed: int,
    resamples: int = RESAMPLES,
) -> EntityScores:
    """Micro-averaged precision, recall, F1 of exact spans, and scores of each entity type.

    Raises ValueError without any pair, or for a label that is not among ``types``.
    """
    require_pairs(gold, predicted)
    require_known({s.label for side in (gold, predicted) for part in side for s in part}, types)
    counts = span_counts(gold, predicted, types)
    drawn = draw_scores(counts, seed, resamples, scheme_hits(gold, predicted))
    all_types = averages(drawn)
    return EntityScores(
        n=len(gold),
        spans=int(counts.real.sum()),
        precision=all_types.precision,
        recall=all_types.recall,
        f1=all_types.micro_f1,
        macro_f1=all_types.macro_f1,
        labels=label_scores(types, drawn),
        schemes=scheme_scores(drawn.also, drawn.said[:, 0], drawn.real[:, 0]),
        confusion=type_confusion(gold, predicted, types),
    )


def micro_f1(gold: Sequence[Collection[Span]], predicted: Sequence[Collection[Span]]) -> float:
    """F1 of exact spans over all articles; 0 where nothing is marked on either side."""
    hits = sum(len(set(g) & set(p)) for g, p in zip(gold, predicted, strict=True))
    marked = sum(len(set(part)) for side in (gold, predicted) for part in side)
    return 2 * hits / marked if marked else 0.0
