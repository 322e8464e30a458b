"""Figures with intervals: percentile bootstrap over articles (Efron and Tibshirani 1993).

Articles are resampled, not spans or answers: those of one article are right or wrong together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

LOW, HIGH = 2.5, 97.5
PERCENT = 95
RESAMPLES = 1000
# Resamples held at a time: 13 MB for 50,000 articles.
BLOCK = 32


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


def draw_counts(samples: np.ndarray) -> np.ndarray:
    """How often each article was drawn: (resamples, articles).

    A product with it sums what was drawn, without a huge gather. ``samples`` are used up.
    """
    rows, n = samples.shape
    samples += n * np.arange(rows)[:, None]
    return np.bincount(samples.ravel(), minlength=rows * n).reshape(rows, n).astype(float)


def to_interval(value: Any, resampled: np.ndarray) -> Interval:
    """The figure, with the middle 95 percent of its resampled values."""
    low, high = np.percentile(resampled, [LOW, HIGH])
    return Interval(float(value), float(low), float(high))


def ratio(part: Any, whole: Any) -> Any:
    """Element by element; 0 where there is nothing to divide by."""
    whole = np.asarray(whole, dtype=float)
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def resampled_totals(columns: np.ndarray, seed: int, resamples: int = RESAMPLES) -> np.ndarray:
    """Column sums of (articles, columns) over each resample: (1 + resamples, columns).

    The first row is what was observed, every article once. Resamples are drawn a block at a time,
    by one generator, so that memory does not grow with their number; the numbers are those of
    drawing all at once.
    """
    values = np.asarray(columns, dtype=float)
    drawn = [counts @ values for counts in drawn_counts(len(values), seed, resamples)]
    return np.vstack([values.sum(axis=0, keepdims=True), *drawn])


def drawn_counts(n: int, seed: int, resamples: int = RESAMPLES) -> Iterator[np.ndarray]:
    """``draw_counts`` of as many resamples, a block of them at a time: (block, n)."""
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, BLOCK):
        size = (min(BLOCK, resamples - start), n)
        yield draw_counts(generator.integers(0, n, size=size))


def share(part: np.ndarray, whole: np.ndarray) -> Interval | None:
    """Of two columns of ``resampled_totals``; None where there is no whole."""
    if not whole[0]:
        return None
    values = ratio(part, whole)
    return to_interval(values[0], values[1:][whole[1:] > 0])
