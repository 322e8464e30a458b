"""The agreement of annotators with its interval, over resampled articles."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from corpus.articles import Response
from corpus.intervals import (
    RESAMPLES,
    Interval,
    article_weights,
    pooled_share,
    ratio,
    to_interval,
)


@dataclass(frozen=True, slots=True)
class AgreementIntervals:
    """The figures of ``corpus.agreement.Agreement``; None where nothing can be compared."""

    records: int
    topic_percent: Interval | None
    topic_alpha: Interval | None
    span_f1: Interval | None


def agreement_intervals(
    answers: Sequence[Sequence[Response]], seed: int, resamples: int = RESAMPLES
) -> AgreementIntervals:
    """Agreement of submitted responses grouped by article; order does not matter."""
    groups = sorted((g for g in answers if len(g) > 1), key=lambda g: g[0].article_id)
    if not groups:
        return AgreementIntervals(0, None, None, None)
    weights = article_weights(len(groups), seed, resamples)
    topics = [[r.topic for r in group if r.topic is not None] for group in groups]
    return AgreementIntervals(
        records=len(groups),
        topic_percent=pooled_share(weights, [_pairs(unit) for unit in topics]),
        topic_alpha=_alpha(weights, topics),
        span_f1=pooled_share(weights, [_span_marks(group) for group in groups]),
    )


def _pairs(unit: Sequence[str]) -> tuple[int, int]:
    pairs = [a == b for a, b in combinations(unit, 2)]
    return sum(pairs), len(pairs)


def _span_marks(group: Sequence[Response]) -> tuple[int, int]:
    shared = marked = 0
    for a, b in combinations([set(r.spans) for r in group if r.spans is not None], 2):
        shared += 2 * len(a & b)
        marked += len(a) + len(b)
    return shared, marked


def _alpha(weights: np.ndarray, topics: Sequence[Sequence[str]]) -> Interval | None:
    """Krippendorff's alpha, nominal, as in ``corpus.agreement.nominal_alpha``."""
    names = sorted({topic for unit in topics for topic in unit})
    counted = [Counter(unit) if len(unit) > 1 else Counter[str]() for unit in topics]
    counts = np.array([[c[name] for name in names] for c in counted]).reshape(len(topics), -1)
    sizes = counts.sum(axis=1)
    differing = ratio(sizes**2 - (counts**2).sum(axis=1), sizes - 1)
    total = weights @ sizes
    if total[0] < 2:
        return None
    observed = weights @ differing
    expected = ratio(total**2 - ((weights @ counts) ** 2).sum(axis=1), total - 1)
    # With a single topic throughout there is nothing to disagree on: 1 by convention.
    alpha = 1 - ratio(observed, expected)
    return to_interval(alpha[0], alpha[1:][total[1:] > 1])
