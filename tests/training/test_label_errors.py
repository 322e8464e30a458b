"""Wrong labels among right ones are found, by a head that did not see them."""

import numpy as np

from training.evaluation.label_errors import (
    FOLDS,
    SUSPECTED,
    label_doubts,
    unseen_probabilities,
)

TOPICS = ("Business", "Sports", "World")


def made(n: int, seed: int = 1) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Three clouds of unit vectors; one label in ten is another than that of its cloud."""
    draw = np.random.default_rng(seed)
    true = draw.integers(0, len(TOPICS), n)
    vectors = np.eye(8)[true] * 3 + draw.normal(size=(n, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wrong = draw.random(n) < 0.1
    given = np.where(wrong, (true + draw.integers(1, 3, n)) % 3, true)
    return vectors, [TOPICS[i] for i in given], wrong


def test_wrong_labels_stand_first() -> None:
    vectors, given, wrong = made(600)
    doubts = label_doubts(vectors, given, seed=13)
    assert ((doubts >= 0) & (doubts <= 1)).all()
    first = np.argsort(-doubts, kind="stable")[: wrong.sum()]
    assert wrong[first].mean() > 0.85
    assert (doubts[wrong] > SUSPECTED).mean() > 0.9 > 0.1 > (doubts[~wrong] > SUSPECTED).mean()
    assert (doubts == label_doubts(vectors, given, seed=13)).all()


def test_no_head_has_seen_the_label_that_it_judges() -> None:
    """Labels that say nothing are repeated by chance alone; whoever saw them knows them all."""
    vectors = np.eye(60)
    labels = np.random.default_rng(2).integers(0, 2, 60)
    unseen = unseen_probabilities(vectors, labels, seed=1)
    assert np.allclose(unseen.sum(axis=1), 1)
    assert (unseen.argmax(axis=1) == labels).mean() < 0.7


def test_rare_topics_are_not_judged() -> None:
    vectors, given, _ = made(60)
    rare = ["Rare"] * (FOLDS - 1)
    doubts = label_doubts(np.vstack([vectors, vectors[: FOLDS - 1]]), [*given, *rare], seed=13)
    assert (doubts[60:] == 0).all()
    assert (doubts[:60] == label_doubts(vectors, given, seed=13)).all()
    assert (label_doubts(vectors, ["World"] * 60, seed=13) == 0).all()
    assert (label_doubts(vectors[:4], list("abcd"), seed=13) == 0).all()
