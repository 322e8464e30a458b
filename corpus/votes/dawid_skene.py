"""Who errs how, and what is true: EM of Dawid and Skene (1979).

"Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm". Each annotator has
a confusion matrix, each class a share; both and the probability of every item's classes are
estimated in turns. The start is the share of the votes, so nothing is drawn and the same votes
always give the same result.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

log = logging.getLogger(__name__)

# Added to every cell of a confusion matrix, so that no annotator is ever certain.
SMOOTHING = 0.01
TOLERANCE = 1e-5
MOST_ITERATIONS = 1000
# Below the smallest share that a float's logarithm can hold.
SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class Ballots:
    """Votes as numbers, three arrays of (votes,): who (in [0, annotators)) chose what (in
    [0, classes)) for which item. ``weight``, (items,), says how often an item counts.
    """

    item: np.ndarray
    annotator: np.ndarray
    choice: np.ndarray
    weight: np.ndarray
    annotators: int
    classes: int

    @property
    def items(self) -> int:
        """How many there are."""
        return len(self.weight)


@dataclass(frozen=True, slots=True)
class Estimate:
    """``posterior``: (items, classes), rows sum to 1; ``shares``: (classes,);
    ``confusion``: (annotators, true class, chosen class), rows sum to 1.
    """

    posterior: np.ndarray
    shares: np.ndarray
    confusion: np.ndarray
    iterations: int
    converged: bool


def estimate(
    ballots: Ballots,
    smoothing: float = SMOOTHING,
    tolerance: float = TOLERANCE,
    most_iterations: int = MOST_ITERATIONS,
) -> Estimate:
    """Iterate until no probability moves by more than ``tolerance``; else say so in the log."""
    posterior = vote_shares(ballots)
    for iteration in range(1, most_iterations + 1):
        shares, confusion = _maximize(ballots, posterior, smoothing)
        moved = _expect(ballots, shares, confusion)
        change = float(np.abs(moved - posterior).max())
        posterior = moved
        if change <= tolerance:
            return Estimate(posterior, shares, confusion, iteration, converged=True)
    log.warning(
        "Dawid-Skene still moves a probability by %.2g after %d iterations: the answers tell "
        "little of who errs how.",
        change,
        most_iterations,
    )
    return Estimate(posterior, shares, confusion, most_iterations, converged=False)


def vote_shares(ballots: Ballots) -> np.ndarray:
    """The share of the votes of each class: (items, classes)."""
    cells = ballots.item * ballots.classes + ballots.choice
    counts = np.bincount(cells, minlength=ballots.items * ballots.classes)
    votes = counts.reshape(ballots.items, ballots.classes).astype(float)
    shares: np.ndarray = votes / votes.sum(axis=1, keepdims=True)
    return shares


def to_ballots(
    votes: Sequence[tuple[int, str, int]], weight: Sequence[float], classes: int
) -> Ballots:
    """From (item, annotator, class); annotators are numbered in the order of their names."""
    names = sorted({annotator for _, annotator, _ in votes})
    index = {name: at for at, name in enumerate(names)}
    rows = np.array([(item, index[who], choice) for item, who, choice in votes], dtype=np.int64)
    rows = rows.reshape(-1, 3)
    weights = np.array(weight, dtype=float)
    return Ballots(rows[:, 0], rows[:, 1], rows[:, 2], weights, len(names), classes)


def _maximize(
    ballots: Ballots, posterior: np.ndarray, smoothing: float
) -> tuple[np.ndarray, np.ndarray]:
    shape = (ballots.annotators, ballots.classes)
    cells = ballots.annotator * ballots.classes + ballots.choice
    weighted = posterior * ballots.weight[:, None]
    counts = np.stack(
        [
            np.bincount(cells, weighted[ballots.item, true], shape[0] * shape[1]).reshape(shape)
            for true in range(ballots.classes)
        ],
        axis=1,
    )
    counts = np.maximum(counts + smoothing, SMALLEST)
    shares = weighted.sum(axis=0) / weighted.sum()
    return shares, counts / counts.sum(axis=2, keepdims=True)


def _expect(ballots: Ballots, shares: np.ndarray, confusion: np.ndarray) -> np.ndarray:
    """In logarithms: the product over many annotators would be too small for a float."""
    logs = np.log(confusion)
    told = np.stack(
        [
            np.bincount(ballots.item, logs[ballots.annotator, true, ballots.choice], ballots.items)
            for true in range(ballots.classes)
        ],
        axis=1,
    )
    told += np.log(np.maximum(shares, SMALLEST))
    told -= told.max(axis=1, keepdims=True)
    likely = np.exp(told)
    posterior: np.ndarray = likely / likely.sum(axis=1, keepdims=True)
    return posterior
