"""The head of frozen and SetFit models: logistic regression on embeddings of length 1."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from training.classification.calibration import log_loss
from training.classification.data import TopicData, parts

MOST_ITERATIONS = 1000
# Inverse strength of regularisation; SetFit's own is 1.
STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0)
FOLDS = 5


def new_head(several: bool, strength: float, iterations: int = MOST_ITERATIONS) -> Any:
    """What SetFit puts on its encoder by itself, one-vs-rest with several topics a text."""
    head = LogisticRegression(C=strength, max_iter=iterations)
    return OneVsRestClassifier(head) if several else head


def fit_head(
    vectors: np.ndarray,
    data: TopicData,
    strength: float,
    columns: np.ndarray | None = None,
    iterations: int = MOST_ITERATIONS,
) -> Any:
    """A fitted head; its classes are ``columns`` (numbers of topics), without them 0, 1, 2, …"""
    target = data.gold if data.several else data.gold.argmax(axis=1)
    if columns is not None and not data.several:
        target = columns[target]
    head = new_head(data.several, strength, iterations)
    with warnings.catch_warnings():
        # A topic that every example of a fold has, or none.
        warnings.filterwarnings("ignore", message="Label .* is present in all training examples")
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        head.fit(vectors, target)
    return head


def fit_head_of_part(
    vectors: np.ndarray, data: TopicData, numbers: np.ndarray, strength: float
) -> Any:
    """A head fitted on these texts only, with logits as large as those of a head fitted on all.

    scikit-learn's strength weighs the sum over the texts, so fewer texts would give smaller
    logits, and a temperature fitted on them would make the head of all texts too sure.
    """
    part = data.at(numbers)
    return fit_head(vectors[numbers], part, strength * len(data) / len(part))


def choose_strength(vectors: np.ndarray, data: TopicData, seed: int) -> float:
    """The strength with the least log loss in cross-validation; 1 with too few texts to try."""
    folds = min(FOLDS, data.rarest())
    if folds < 2:
        return 1.0
    losses = {
        strength: log_loss(
            out_of_fold(vectors, data, strength, folds, seed), data.gold, not data.several
        )
        for strength in STRENGTHS
    }
    return min(losses, key=lambda strength: losses[strength])


def out_of_fold(
    vectors: np.ndarray, data: TopicData, strength: float, folds: int, seed: int
) -> np.ndarray:
    """Logits (texts × topics), each of a head that did not see the text."""
    found = np.zeros(data.gold.shape)
    for held in parts(data, folds, seed):
        rest = np.setdiff1d(np.arange(len(data)), held)
        head = fit_head_of_part(vectors, data, rest, strength)
        found[held] = head_logits(head, vectors[held], data)
    return found


def head_logits(head: Any, vectors: np.ndarray, data: TopicData) -> np.ndarray:
    """Texts × topics; a topic that the head never saw is as good as impossible."""
    probabilities = np.clip(head.predict_proba(vectors), 1e-12, 1 - 1e-12)
    if data.several:
        found: np.ndarray = np.log(probabilities) - np.log1p(-probabilities)
        return found
    found = np.full((len(vectors), len(data.names)), np.log(1e-12))
    found[:, head.classes_] = np.log(probabilities)
    return found
