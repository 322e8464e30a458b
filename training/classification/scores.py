"""How right logits are, text by text: what rungs are compared by and thresholds tuned to."""

import numpy as np

from training.classification.calibration import to_probabilities
from training.classification.data import TopicData
from training.classification.models import THRESHOLD

THRESHOLDS = np.linspace(0.1, 0.9, 33)


def example_scores(logits: np.ndarray, data: TopicData, threshold: float = THRESHOLD) -> np.ndarray:
    """One number in [0, 1] a text: right or wrong; with several topics, common ÷ all topics."""
    if not data.several:
        return np.asarray(logits.argmax(axis=1) == data.gold.argmax(axis=1), dtype=float)
    said = to_probabilities(logits, exclusive=False) >= threshold
    real = data.gold.astype(bool)
    either = (said | real).sum(axis=1)
    # To say nothing where there is nothing is right.
    return np.where(either == 0, 1.0, (said & real).sum(axis=1) / np.maximum(either, 1))


def best_threshold(logits: np.ndarray, data: TopicData) -> float:
    """The probability from which on a topic is said, by the most micro-F1; of equals the middle."""
    probabilities, real = to_probabilities(logits, exclusive=False), data.gold.astype(bool)
    found = []
    for threshold in THRESHOLDS:
        said = probabilities >= threshold
        found.append(2 * (said & real).sum() / max(1, said.sum() + real.sum()))
    best = np.flatnonzero(np.isclose(found, max(found)))
    return float(THRESHOLDS[best[len(best) // 2]])
