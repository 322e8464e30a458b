"""How far probabilities can be taken at their word.

The expected calibration error is the mean distance between what was said and what came true, over
bins that hold as many predictions each (equal mass; Naeini, Cooper and Hauskrecht 2015). Of few
predictions it is too high: also right probabilities miss the rate of a small bin.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import numpy as np

from corpus.intervals import HIGH, LOW, RESAMPLES, Interval, drawn_counts, ratio, to_interval

BINS = 10
# Fewer in a bin say little about its rate.
LEAST_IN_BIN = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """``confidence``: mean probability; ``accuracy``: share that was right; ``n`` predictions."""

    confidence: float
    accuracy: Interval
    n: int


@dataclass(frozen=True, slots=True)
class CalibrationScores:
    """``n`` predictions: one of an article's topic, or each span that was found.

    ``chance``: the error that right probabilities would show in all but 2.5 % of such samples.
    """

    n: int
    error: Interval
    chance: float
    bins: tuple[Bin, ...]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self) | {"bins": [asdict(part) for part in self.bins]}


def score_calibration(
    probabilities: Sequence[float],
    right: Sequence[bool],
    articles: Sequence[int],
    seed: int,
    resamples: int = RESAMPLES,
) -> CalibrationScores | None:
    """Error and bins, with intervals over resampled articles; None for less than two bins.

    ``articles`` numbers the article of each prediction, from 0. The interval of the error is the
    basic one (twice the value minus the percentiles, Davison and Hinkley 1997), since resamples
    are calibrated worse than what they are drawn from; it begins at 0 where the error is no larger
    than chance (Bröcker and Smith 2007). To each bin of a resample a right and a wrong prediction
    are added, each as often as an article is drawn (Poisson, of mean 1).
    """
    count = min(BINS, len(probabilities) // LEAST_IN_BIN)
    if count < 2:
        return None
    order = np.argsort(probabilities, kind="stable")
    confidence = np.asarray(probabilities, dtype=float)[order]
    correct = np.asarray(right, dtype=float)[order]
    owner = np.asarray(articles)[order]
    observed = np.ones((1, int(owner.max()) + 1))
    sums = np.stack(
        [
            _binned(weights[owner], confidence, correct, count)
            for block in chain([observed], _blocks(owner, seed, resamples))
            for weights in block
        ]
    )
    weight, said, true = (sums[:, i] for i in range(3))
    errors = np.abs(said - true).sum(axis=1) / weight.sum(axis=1)
    chance = _chance(confidence, count, seed, resamples)
    # As counts.py does: without these two, ten right answers would have an interval from 1 to 1.
    lucky, unlucky = np.random.default_rng(seed).poisson(1.0, (2, len(sums) - 1, count))
    rates = ratio(true[1:] + lucky, weight[1:] + lucky + unlucky)
    return CalibrationScores(
        n=len(confidence),
        error=_interval(errors, chance),
        chance=chance,
        bins=tuple(
            Bin(
                confidence=float(said[0, i] / weight[0, i]),
                accuracy=to_interval(true[0, i] / weight[0, i], rates[:, i]),
                n=int(weight[0, i]),
            )
            for i in range(count)
        ),
    )


def _blocks(owner: np.ndarray, seed: int, resamples: int) -> Iterator[np.ndarray]:
    """Resamples in which anything was predicted at all."""
    for block in drawn_counts(int(owner.max()) + 1, seed, resamples):
        some = block[:, np.unique(owner)].sum(axis=1) > 0
        if some.any():
            yield block[some]


def _binned(
    weights: np.ndarray, confidence: np.ndarray, right: np.ndarray, count: int
) -> np.ndarray:
    """(weight, weighted probability, weighted right) of each bin of equal weight: (3, count)."""
    after = np.cumsum(weights)
    middle = after - weights / 2
    at = np.minimum((middle * count / after[-1]).astype(int), count - 1)
    parts = (weights, weights * confidence, weights * right)
    return np.stack([np.bincount(at, weights=part, minlength=count) for part in parts])


def _chance(confidence: np.ndarray, count: int, seed: int, samples: int) -> float:
    """What the error of right probabilities stays below in all but 2.5 % of samples."""
    dice = np.random.default_rng(seed)
    n = len(confidence)
    errors = np.empty(samples)
    for i in range(samples):
        _, said, true = _binned(np.ones(n), confidence, dice.random(n) < confidence, count)
        errors[i] = np.abs(said - true).sum() / n
    return float(np.percentile(errors, HIGH))


def _interval(errors: np.ndarray, chance: float) -> Interval:
    value = float(errors[0])
    low, high = (2 * value - float(q) for q in np.percentile(errors[1:], [HIGH, LOW]))
    return Interval(value, 0.0 if value <= chance else min(value, max(0.0, low)), max(value, high))
