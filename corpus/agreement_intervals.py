"""The agreement of annotators with its interval, over resampled articles."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from corpus.articles import Response
from corpus.intervals import RESAMPLES, Interval, ratio, resampled_totals, share, to_interval

# Of fewer, resamples are so alike that an interval says nothing: two articles agree [1, 1].
MIN_ARTICLES = 5


@dataclass(frozen=True, slots=True)
class AgreementIntervals:
    """The figures of ``corpus.agreement.Agreement``; None where nothing can be compared, and
    where fewer than five articles (``MIN_ARTICLES``) have two answers.
    """

    records: int
    topic_percent: Interval | None
    topic_alpha: Interval | None
    span_f1: Interval | None


def agreement_intervals(
    answers: Sequence[Sequence[Response]], seed: int, resamples: int = RESAMPLES
) -> AgreementIntervals:
    """Agreement of submitted responses grouped by article; order does not matter."""
    groups = sorted((g for g in answers if len(g) > 1), key=lambda g: g[0].article_id)
    if len(groups) < MIN_ARTICLES:
        return AgreementIntervals(len(groups), None, None, None)
    topics = [[r.topic for r in group if r.topic is not None] for group in groups]
    pairs = [(*_pairs(u), *_span_marks(g)) for u, g in zip(topics, groups, strict=True)]
    totals = resampled_totals(np.hstack([np.array(pairs), _alpha_columns(topics)]), seed, resamples)
    return AgreementIntervals(
        records=len(groups),
        topic_percent=share(totals[:, 0], totals[:, 1]),
        topic_alpha=_alpha(totals[:, 4:]),
        span_f1=share(totals[:, 2], totals[:, 3]),
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


def _alpha_columns(topics: Sequence[Sequence[str]]) -> np.ndarray:
    """(articles, 1 + topics): the answers that differ from another, then those of each topic."""
    names = sorted({topic for unit in topics for topic in unit})
    counted = [Counter(unit) if len(unit) > 1 else Counter[str]() for unit in topics]
    counts = np.array([[c[name] for name in names] for c in counted]).reshape(len(topics), -1)
    sizes = counts.sum(axis=1)
    differing = ratio(sizes**2 - (counts**2).sum(axis=1), sizes - 1)
    return np.column_stack([differing, counts])


def _alpha(totals: np.ndarray) -> Interval | None:
    """Krippendorff's alpha, nominal, as in ``corpus.agreement.nominal_alpha``."""
    observed, counts = totals[:, 0], totals[:, 1:]
    total = counts.sum(axis=1)
    if total[0] < 2:
        return None
    expected = ratio(total**2 - (counts**2).sum(axis=1), total - 1)
    # With a single topic throughout there is nothing to disagree on: 1 by convention.
    alpha = 1 - ratio(observed, expected)
    return to_interval(alpha[0], alpha[1:][total[1:] > 1])
