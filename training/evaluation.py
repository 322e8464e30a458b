"""Scores of topics and of exact spans, each with its interval over resampled articles."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from corpus.articles import Span
from corpus.intervals import RESAMPLES, Interval, draw_counts, ratio, resample, to_interval


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Scores of one topic or entity type; ``support`` counts gold articles or spans."""

    precision: float
    recall: float
    f1: Interval
    support: int


@dataclass(frozen=True, slots=True)
class TopicScores:
    """Scores of topics over ``n`` articles; ``confusion`` is gold × predicted, schema order."""

    n: int
    accuracy: Interval
    macro_f1: Interval
    labels: dict[str, LabelScores]
    confusion: list[list[int]]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class EntityScores:
    """Exact-span scores (start, end and type right) over ``n`` articles, micro-averaged."""

    n: int
    spans: int
    precision: Interval
    recall: Interval
    f1: Interval
    labels: dict[str, LabelScores]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def score_topics(
    gold: Sequence[str],
    predicted: Sequence[str],
    topics: Sequence[str],
    seed: int,
    resamples: int = RESAMPLES,
) -> TopicScores:
    """Accuracy, macro-F1 over the topics that occur, and scores of each topic.

    A topic that a resample happens to lack counts 0 there, which makes the lower bound cautious.
    Raises ValueError without any pair, or for a label that is not among ``topics``.
    """
    _require_pairs(gold, predicted)
    _require_known({*gold, *predicted}, topics)
    index = {topic: i for i, topic in enumerate(topics)}
    g = np.array([index[topic] for topic in gold])
    p = np.array([index[topic] for topic in predicted])
    # counts[article, topic] of hits, predictions and golds.
    hit, said, real = (
        np.eye(len(topics))[g] * (g == p)[:, None],
        np.eye(len(topics))[p],
        np.eye(len(topics))[g],
    )
    samples = resample(len(gold), resamples, seed)
    f1 = _f1(*(_totals(counts, samples) for counts in (hit, said, real)))
    present = real.sum(axis=0) + said.sum(axis=0) > 0
    right = (g == p).astype(float)
    confusion = np.zeros((len(topics), len(topics)), dtype=int)
    np.add.at(confusion, (g, p), 1)
    return TopicScores(
        n=len(gold),
        accuracy=to_interval(right.mean(), right[samples].mean(axis=1)),
        macro_f1=to_interval(
            _f1(hit.sum(0), said.sum(0), real.sum(0))[present].mean(), f1[:, present].mean(axis=1)
        ),
        labels=_label_scores(topics, hit, said, real, f1),
        confusion=confusion.tolist(),
    )


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
    _require_pairs(gold, predicted)
    _require_known({s.label for side in (gold, predicted) for part in side for s in part}, types)
    hit, said, real = (np.zeros((len(gold), len(types))) for _ in range(3))
    index = {label: i for i, label in enumerate(types)}
    for row, (g, p) in enumerate(zip(gold, predicted, strict=True)):
        for counts, spans in ((hit, set(g) & set(p)), (said, set(p)), (real, set(g))):
            for span in spans:
                counts[row, index[span.label]] += 1
    samples = resample(len(gold), resamples, seed)
    by_type = [_totals(counts, samples) for counts in (hit, said, real)]
    h, s, r = (counts.sum(axis=1) for counts in by_type)
    return EntityScores(
        n=len(gold),
        spans=int(real.sum()),
        precision=to_interval(ratio(hit.sum(), said.sum()), ratio(h, s)),
        recall=to_interval(ratio(hit.sum(), real.sum()), ratio(h, r)),
        f1=to_interval(_f1(hit.sum(), said.sum(), real.sum()), _f1(h, s, r)),
        labels=_label_scores(types, hit, said, real, _f1(*by_type)),
    )


def micro_f1(gold: Sequence[Collection[Span]], predicted: Sequence[Collection[Span]]) -> float:
    """F1 of exact spans over all articles; 0 where nothing is marked on either side."""
    hits = sum(len(set(g) & set(p)) for g, p in zip(gold, predicted, strict=True))
    marked = sum(len(set(part)) for side in (gold, predicted) for part in side)
    return 2 * hits / marked if marked else 0.0


def _require_pairs(gold: Sequence[Any], predicted: Sequence[Any]) -> None:
    if not gold or len(gold) != len(predicted):
        raise ValueError(
            f"scores need as many predictions as golds, and at least one: "
            f"{len(gold)} golds, {len(predicted)} predictions"
        )


def _require_known(found: Collection[str], labels: Sequence[str]) -> None:
    unknown = sorted(set(found) - set(labels))
    if unknown:
        raise ValueError(f"labels {unknown} are not among {list(labels)}")


def _totals(counts: np.ndarray, samples: np.ndarray) -> np.ndarray:
    totals: np.ndarray = draw_counts(samples) @ counts
    return totals


def _f1(hit: Any, said: Any, real: Any) -> Any:
    return ratio(2 * np.asarray(hit, dtype=float), np.asarray(said) + np.asarray(real))


def _label_scores(
    labels: Sequence[str], hit: np.ndarray, said: np.ndarray, real: np.ndarray, f1: np.ndarray
) -> dict[str, LabelScores]:
    h, s, r = hit.sum(axis=0), said.sum(axis=0), real.sum(axis=0)
    return {
        label: LabelScores(
            precision=float(ratio(h[i], s[i])),
            recall=float(ratio(h[i], r[i])),
            f1=to_interval(_f1(h[i], s[i], r[i]), f1[:, i]),
            support=int(r[i]),
        )
        for i, label in enumerate(labels)
    }
