"""error(n) = a + b·n^(-c): what more examples of the same kind are expected to bring.

The law is that of Cortes et al. (1993, NIPS) and Hestness et al. (2017, arXiv:1712.00409). Mahmood
et al. (2022, arXiv:2207.01725) show how far a fit to small subsets can be off, so nothing here is a
point without an interval.

For a given c the law is linear in a and b, so c runs over a grid and the rest is solved exactly
(variable projection, Golub and Pereyra 1973), for a thousand resampled curves at once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

# Measured exponents lie between 0.07 (Hestness et al. 2017) and about 1.
EXPONENTS = np.geomspace(0.1, 1.5, 29)
# A few noisy points hardly tell c from a. As far as they do not, the rate of heads on fixed
# features is preferred, 1/n as of any parametric model: log c = 0 ± 0.5, in units of the noise of
# the points. On AG News 0.5 told too much: 3 points more than came, against 2.
LIKELY_EXPONENT, EXPONENT_SPREAD = 1.0, 0.5


@dataclass(frozen=True, slots=True)
class PowerLaws:
    """One law a curve: floors a ≥ 0, scales b ≥ 0, exponents c, each an array of (curves,)."""

    floors: np.ndarray
    scales: np.ndarray
    exponents: np.ndarray

    def errors(self, examples: Any) -> np.ndarray:
        """Expected errors with so many examples: (curves, sizes)."""
        n = np.atleast_1d(np.asarray(examples, dtype=float))
        decay = n[None, :] ** -self.exponents[:, None]
        found: np.ndarray = self.floors[:, None] + self.scales[:, None] * decay
        return found


def fit_power_laws(sizes: Any, errors: np.ndarray, noise: np.ndarray) -> PowerLaws:
    """The laws nearest to curves of errors (curves, sizes), weighted by the noise of each size.

    ``noise`` holds the standard deviation of the error at each size. Raises ValueError with fewer
    than three sizes: a law has three parameters.
    """
    n = np.asarray(sizes, dtype=float)
    if len(n) < 3:
        raise ValueError(f"a power law needs three sizes or more, these are {list(sizes)}")
    weights = 1 / np.square(noise)
    fits = [_given_exponent(n**-c, errors, weights) for c in EXPONENTS]
    prior = np.square(np.log(EXPONENTS / LIKELY_EXPONENT) / EXPONENT_SPREAD)
    losses = np.stack([loss + p for (_, _, loss), p in zip(fits, prior, strict=True)])
    best = losses.argmin(axis=0)
    curves = np.arange(len(errors))
    return PowerLaws(
        floors=np.stack([a for a, _, _ in fits])[best, curves],
        scales=np.stack([b for _, b, _ in fits])[best, curves],
        exponents=EXPONENTS[best],
    )


def _given_exponent(
    decay: np.ndarray, errors: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted least squares of a + b·decay with a, b ≥ 0, and its loss, for every curve."""
    total = weights.sum()
    mean_x, mean_y = (weights * decay).sum() / total, errors @ weights / total
    x = decay - mean_x
    slopes = (errors - mean_y[:, None]) @ (weights * x) / (weights * x * x).sum()
    # On the border of what is allowed one of the two is nought, and the other fits alone.
    b = np.maximum(slopes, 0.0)
    a = mean_y - b * mean_x
    through_nought = errors @ (weights * decay) / (weights * decay * decay).sum()
    b = np.where(a < 0, np.maximum(through_nought, 0.0), b)
    a = np.maximum(a, 0.0)
    losses = np.square(errors - a[:, None] - b[:, None] * decay) @ weights
    return a, b, losses
