"""From measured errors to what the next labels are worth, with intervals.

Articles are resampled, and so are the orders of the examples; each resampled curve gets its own
law. Two kinds of luck are added that resampling the same examples cannot show: another reviewer's
desk would have drawn other examples, and the model to come is one training, not the mean of many.
"""

from dataclasses import dataclass

import numpy as np

from corpus.intervals import Interval, drawn_counts, to_interval
from training.worth.measured import Measured, f1_errors
from training.worth.power_law import PowerLaws, fit_power_laws

RESAMPLES = 1000
# A weight of a point never exceeds what a difference of this much is worth.
LEAST_NOISE = 0.002


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Errors (curves, sizes): the first row as observed, the others resampled; and their laws.

    ``luck`` is the standard deviation of the error of one training, with all examples.
    """

    sizes: tuple[int, ...]
    errors: np.ndarray
    laws: PowerLaws
    luck: float

    def scores(self) -> list[Interval]:
        """F1 (accuracy) at each size."""
        return [to_interval(1 - e[0], 1 - e[1:]) for e in self.errors.T]

    def gain(self, examples: float, more: float) -> Interval:
        """By how much a mean model's score rises when so many examples become more."""
        now, then = self.laws.errors([examples, examples + more]).T
        return to_interval(now[0] - then[0], (now - then)[1:])

    def score_at(self, examples: float, seed: int) -> Interval:
        """The score of one model trained on so many examples, these among them."""
        then = 1 - self.laws.errors([examples])[:, 0]
        draws = np.random.default_rng(seed).normal(size=(2, len(then) - 1))
        pool = self.luck * draws[0]
        one = self.luck * np.sqrt(self.sizes[-1] / examples) * draws[1]
        return to_interval(then[0], np.clip(then[1:] + pool + one, 0, 1))


def error_curves(
    measured: Measured, seed: int, label: str | None = None, resamples: int = RESAMPLES
) -> Curves:
    """Curves over all labels together (micro-averaged), or of one label."""
    counts = measured.counts
    part = counts.sum(axis=3) if label is None else counts[..., measured.labels.index(label), :]
    errors = _resampled_errors(part.astype(float), seed, resamples)
    luck = _luck(f1_errors(part.sum(axis=2)), measured.sizes)
    mean = errors.mean(axis=1, keepdims=True)
    noise = np.maximum(np.std(errors - mean, axis=0), LEAST_NOISE)
    return Curves(measured.sizes, errors, fit_power_laws(measured.sizes, errors, noise), luck)


def _resampled_errors(counts: np.ndarray, seed: int, resamples: int) -> np.ndarray:
    """Mean errors of the runs of each size: (1 + resamples, sizes)."""
    repeats, articles = counts.shape[1:3]
    drawn = np.vstack(list(drawn_counts(articles, seed, resamples)))
    weights = np.vstack([np.ones(articles), drawn])
    totals = np.tensordot(weights, counts, axes=(1, 2))
    runs = f1_errors(totals)
    chosen = np.vstack(list(drawn_counts(repeats, seed + 1, resamples)))
    of_runs = np.vstack([np.ones(repeats), chosen]) / repeats
    found: np.ndarray = np.einsum("csr,cr->cs", runs, of_runs)
    return found


def _luck(errors: np.ndarray, sizes: tuple[int, ...]) -> float:
    """Standard deviation of a run's error with all examples, from that of smaller parts.

    Parts of a finite pool differ less than fresh samples would, by 1 - n/N (Cochran 1977, section
    2.6); the variance of a mean falls as 1/n, so each size gives an estimate.
    """
    n = np.asarray(sizes[:-1], dtype=float)
    whole = float(sizes[-1])
    if errors.shape[1] < 2 or not len(n):
        return 0.0
    within = errors[:-1].var(axis=1, ddof=1) / (1 - n / whole)
    return float(np.sqrt(np.median(within * n / whole)))
