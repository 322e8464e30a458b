"""How many suggestions were kept, by the score they had."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.agreement import MIN_ARTICLES
from corpus.intervals import RESAMPLES, Interval, ratio, to_interval
from corpus.suggestions.cases import Arrays, Case, to_arrays
from corpus.suggestions.resampling import article_totals

# Lower ends; models are rarely less sure, and differ most where they are nearly sure.
EDGES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95)
Z = 1.959964


@dataclass(frozen=True, slots=True)
class KeptShare:
    """Suggestions with a score in this range (its end excluded, but for 1); both None: of all,
    or of those without a score.

    ``kept``: share of the ``shown`` that the answer holds as they stood. ``alone``: the same share
    of ``blind`` answers and hidden predictions: what would be kept without any pull.
    """

    score_from: float | None
    score_to: float | None
    shown: int
    kept: Interval | None
    blind: int
    alone: Interval | None


def measure_all(cases: Sequence[Case], seed: int, resamples: int = RESAMPLES) -> KeptShare:
    """Of all cases that were kept or not, whatever their score."""
    arrays = to_arrays(cases)
    return _measure(arrays, np.ones(len(cases), dtype=bool), (None, None), seed, resamples)


def measure_by_score(
    cases: Sequence[Case], seed: int, resamples: int = RESAMPLES
) -> list[KeptShare]:
    """A part for each range of scores that has a case, the lowest first, those without last."""
    arrays = to_arrays(cases)
    ends = (*EDGES[1:], 1.0)
    number = np.searchsorted(EDGES, arrays.scores, side="right") - 1
    scored = ~np.isnan(arrays.scores)
    parts = [
        (scored & (number == n), (low, high))
        for n, (low, high) in enumerate(zip(EDGES, ends, strict=True))
    ]
    return [
        _measure(arrays, chosen, span, seed, resamples)
        for chosen, span in [*parts, (~scored, (None, None))]
        if chosen.any()
    ]


def share_of_articles(
    articles: np.ndarray, counts: np.ndarray, seed: int, resamples: int = RESAMPLES
) -> Interval | None:
    """Of cases with a count of 0 or 1; None for fewer than five articles.

    Where all or none are kept, resamples are all alike; then Wilson's interval (1927) stands in,
    as if each article were one case.
    """
    found = mean_of_articles(articles, counts, seed, resamples)
    if found is None or 0 < found.value < 1:
        return found
    units = len(set(articles))
    low, high = wilson(round(found.value) * units, units)
    return Interval(found.value, low, high)


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The ends of Wilson's 95 % interval of a share of independent cases."""
    middle = (part + Z**2 / 2) / (whole + Z**2)
    reach = Z / (whole + Z**2) * (part * (whole - part) / whole + Z**2 / 4) ** 0.5
    return max(0.0, middle - reach), min(1.0, middle + reach)


def mean_of_articles(
    articles: np.ndarray, values: np.ndarray, seed: int, resamples: int = RESAMPLES
) -> Interval | None:
    """Mean over cases, resampled by article; None for fewer than five articles."""
    found, at = np.unique(articles, return_inverse=True)
    if len(found) < MIN_ARTICLES:
        return None
    columns = np.column_stack([np.bincount(at, weights=values), np.bincount(at)])
    totals = article_totals(columns, seed, resamples)
    means = ratio(totals[:, 0], totals[:, 1])
    return to_interval(means[0], means[1:])


def _measure(
    arrays: Arrays,
    chosen: np.ndarray,
    span: tuple[float | None, float | None],
    seed: int,
    resamples: int,
) -> KeptShare:
    shown, blind = chosen & arrays.shown, chosen & ~arrays.shown
    kept, alone = (
        share_of_articles(arrays.articles[part], arrays.counts[part], seed, resamples)
        for part in (shown, blind)
    )
    return KeptShare(span[0], span[1], int(shown.sum()), kept, int(blind.sum()), alone)
