"""Wrong labels among right ones are found, by a head that did not see them."""

import numpy as np

from training.evaluation.label_errors import (
    FOLDS,
    doubt_labels,
    unseen_probabilities,
)

TOPICS = ("Business", "Sports", "World")


def made(n: int, mistakes: float = 0.1) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Three clouds of unit vectors; ``mistakes`` of the labels are not those of their cloud."""
    draw = np.random.default_rng(1)
    true = draw.integers(0, len(TOPICS), n)
    vectors = np.eye(8)[true] * 3 + draw.normal(size=(n, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wrong = draw.random(n) < mistakes
    given = np.where(wrong, (true + draw.integers(1, 3, n)) % 3, true)
    return vectors, [TOPICS[i] for i in given], wrong


def test_wrong_labels_stand_first_and_are_counted() -> None:
    vectors, given, wrong = made(600)
    found = doubt_labels(vectors, given, seed=13)
    assert ((found.doubts >= 0) & (found.doubts <= 1)).all()
    first = np.argsort(-found.doubts, kind="stable")[: wrong.sum()]
    assert wrong[first].mean() > 0.85
    suspects = found.suspects()
    assert 0.6 * wrong.sum() < found.wrong == len(suspects) < 1.2 * wrong.sum()
    assert wrong[suspects].mean() > 0.85
    assert suspects == doubt_labels(vectors, given, seed=13).suspects()


def test_right_labels_are_left_alone() -> None:
    """Of some another topic is more probable, as clouds overlap; they are not called wrong."""
    vectors, given, _ = made(600, mistakes=0.0)
    found = doubt_labels(vectors, given, seed=13)
    assert (found.doubts > 0.5).sum() > 10 > 3 >= found.wrong


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
    found = doubt_labels(np.vstack([vectors, vectors[: FOLDS - 1]]), [*given, *rare], seed=13)
    assert (found.doubts[60:] == 0).all()
    assert (found.doubts[:60] == doubt_labels(vectors, given, seed=13).doubts).all()
    for few in (["World"] * 60, list("abcd")):
        nothing = doubt_labels(vectors[: len(few)], few, seed=13)
        assert (nothing.doubts == 0).all() and nothing.suspects() == []
