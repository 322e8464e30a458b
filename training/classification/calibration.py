"""Calibrated probabilities: one temperature for all logits (Guo et al. 2017, arXiv:1706.04599)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, logsumexp, softmax

# Fewer golds than these say little about one number; the temperature then stays 1.
FEWEST = 20
BINS = 10
BOUNDS = (0.05, 20.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A temperature, what it was fitted on, and the calibration error before and after."""

    temperature: float
    fitted_on: str
    examples: int
    ece_before: float | None = None
    ece_after: float | None = None

    def to_settings(self) -> dict[str, Any]:
        """For TrainedModel.settings."""
        return {
            "temperature": round(self.temperature, 4),
            "temperature_fitted_on": f"{self.fitted_on} ({self.examples} examples)",
            "ece_before": None if self.ece_before is None else round(self.ece_before, 4),
            "ece_after": None if self.ece_after is None else round(self.ece_after, 4),
        }


NONE = Calibration(1.0, "nothing: too few validation and training examples", 0)


def calibrate(logits: np.ndarray, gold: np.ndarray, fitted_on: str) -> Calibration:
    """The temperature that gives these golds (examples × topics, 0 or 1) the least log loss.

    With one topic an example probabilities are a softmax, else one sigmoid a topic.
    """
    if len(gold) < FEWEST:
        return NONE
    exclusive = is_exclusive(gold)
    fitted = minimize_scalar(
        lambda log_t: log_loss(logits / np.exp(log_t), gold, exclusive),
        bounds=tuple(np.log(BOUNDS)),
        method="bounded",
    )
    temperature = float(np.exp(fitted.x))
    before, after = (
        calibration_error(to_probabilities(logits / t, exclusive), gold) for t in (1, temperature)
    )
    return Calibration(temperature, fitted_on, len(gold), before, after)


def is_exclusive(gold: np.ndarray) -> bool:
    """Whether every example has exactly one topic."""
    return bool((gold.sum(axis=1) == 1).all())


def to_probabilities(logits: np.ndarray, exclusive: bool) -> np.ndarray:
    """Examples × topics, in [0, 1]."""
    found: np.ndarray = softmax(logits, axis=1) if exclusive else expit(logits)
    return found


def log_loss(logits: np.ndarray, gold: np.ndarray, exclusive: bool) -> float:
    """Mean negative log likelihood an example."""
    if exclusive:
        return float(-(log_softmax(logits, axis=1) * gold).sum(axis=1).mean())
    # log(1 + e^x) without overflow.
    softplus = logsumexp(np.stack([logits, np.zeros_like(logits)]), axis=0)
    return float((softplus - logits * gold).sum(axis=1).mean())


def calibration_error(probabilities: np.ndarray, gold: np.ndarray) -> float:
    """Expected calibration error in ten bins of equal width.

    Of the most probable topic where topics exclude each other, else of every topic by itself.
    """
    if is_exclusive(gold):
        said = probabilities.max(axis=1)
        right = gold[np.arange(len(gold)), probabilities.argmax(axis=1)]
    else:
        said, right = probabilities.ravel(), gold.ravel()
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    parts = [bins == b for b in range(BINS)]
    return float(sum(abs(said[p].sum() - right[p].sum()) for p in parts if p.any()) / len(said))
