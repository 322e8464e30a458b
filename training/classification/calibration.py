"""Calibrated probabilities: one temperature for all logits (Guo et al. 2017, arXiv:1706.04599).

Fitted to smoothed golds (Platt 1999): of 25 right answers the next may well be wrong, and a
temperature fitted to them as they are would promise that it is not.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, logsumexp, softmax

# Fewer golds than these say little about one number; the temperature then stays 1.
FEWEST = 20
BOUNDS = (0.05, 20.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A temperature, and what it was fitted on."""

    temperature: float
    fitted_on: str
    examples: int

    def to_settings(self) -> dict[str, Any]:
        """For TrainedModel.settings."""
        return {
            "temperature": round(self.temperature, 4),
            "temperature_fitted_on": f"{self.fitted_on} ({self.examples} examples)",
        }


NONE = Calibration(1.0, "nothing: too few validation and training examples", 0)


def calibrate(logits: np.ndarray, gold: np.ndarray, exclusive: bool, fitted_on: str) -> Calibration:
    """The temperature that gives these golds (examples × topics, 0 or 1) the least log loss.

    ``exclusive``: the model gives each text one topic, and probabilities are a softmax; else one
    sigmoid a topic.
    """
    if len(gold) < FEWEST:
        return NONE
    wanted = smoothed(gold, exclusive)
    fitted = minimize_scalar(
        lambda log_t: log_loss(logits / np.exp(log_t), wanted, exclusive),
        bounds=tuple(np.log(BOUNDS)),
        method="bounded",
    )
    return Calibration(float(np.exp(fitted.x)), fitted_on, len(gold))


def smoothed(gold: np.ndarray, exclusive: bool) -> np.ndarray:
    """Golds as probabilities: as if one more answer had been right, and one wrong."""
    if exclusive:
        wrong = 1 / (len(gold) + 2)
        others = max(1, gold.shape[1] - 1)
        return np.asarray(gold * (1 - wrong) + (1 - gold) * wrong / others)
    there = gold.sum()
    return np.asarray(np.where(gold, (there + 1) / (there + 2), 1 / (gold.size - there + 2)))


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
