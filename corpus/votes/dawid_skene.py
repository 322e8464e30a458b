"""Who errs how, and what is true: EM of Dawid and Skene (1979).

"Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm". Each annotator has
a confusion matrix, each class a share; both and the probability of every item's classes are
estimated in turns. The start is the share of the votes, so nothing is drawn and the same votes
always give the same result.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

log = logging.getLogger(__name__)

# Added to every cell of a confusion matrix, so that no annotator is ever certain.
SMOOTHING = 0.01
TOLERANCE = 1e-5
MOST_ITERATIONS = 1000
# Below the smallest share that a float's logarithm can hold.
SMALLEST = 1e-300
# Votes of all items side by side, to find those that are alike: 160 MB.
MOST_CELLS = 20_000_000


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
class Alike:
    """Ballots where items that got the same votes are one; which one each is, (items,)."""

    ballots: Ballots
    of_item: np.ndarray


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
    alike = to_alike(ballots)
    found = _estimate(alike.ballots, smoothing, tolerance, most_iterations)
    return replace(found, posterior=found.posterior[alike.of_item])


def to_alike(ballots: Ballots) -> Alike:
    """Few annotators and classes make few different items."""
    cells = ballots.annotator * ballots.classes + ballots.choice
    order = np.lexsort((cells, ballots.item))
    votes = np.bincount(ballots.item, minlength=ballots.items)
    if len(votes) * votes.max() > MOST_CELLS:
        return Alike(ballots, np.arange(ballots.items))
    place = np.arange(len(order)) - np.repeat(np.cumsum(votes) - votes, votes)
    table = np.full((len(votes), votes.max()), -1)
    table[ballots.item[order], place] = cells[order]
    kinds, of_item = np.unique(table, axis=0, return_inverse=True)
    of_item = of_item.reshape(-1)
    item, place = np.nonzero(kinds >= 0)
    annotator, choice = np.divmod(kinds[item, place], ballots.classes)
    weight = np.bincount(of_item, ballots.weight)
    alike = replace(ballots, item=item, annotator=annotator, choice=choice, weight=weight)
    return Alike(alike, of_item)


def _estimate(
    ballots: Ballots, smoothing: float, tolerance: float, most_iterations: int
) -> Estimate:
    posterior = vote_shares(ballots)
    told = _told(ballots)
    for iteration in range(1, most_iterations + 1):
        shares, confusion = _maximize(ballots, told, posterior, smoothing)
        moved = _expect(told, shares, confusion)
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


def _told(ballots: Ballots) -> Any:
    """How often which annotator chose which class: sparse, (items, annotators * classes)."""
    # Gold by a majority needs none of it.
    from scipy import sparse

    cells = ballots.annotator * ballots.classes + ballots.choice
    shape = (ballots.items, ballots.annotators * ballots.classes)
    return sparse.csr_matrix((np.ones(len(cells)), (ballots.item, cells)), shape)


def _maximize(
    ballots: Ballots, told: Any, posterior: np.ndarray, smoothing: float
) -> tuple[np.ndarray, np.ndarray]:
    weighted = posterior * ballots.weight[:, None]
    by_choice = (told.T @ weighted).reshape(ballots.annotators, ballots.classes, -1)
    counts = np.maximum(by_choice.transpose(0, 2, 1) + smoothing, SMALLEST)
    shares = weighted.sum(axis=0) / weighted.sum()
    return shares, counts / counts.sum(axis=2, keepdims=True)


def _expect(told: Any, shares: np.ndarray, confusion: np.ndarray) -> np.ndarray:
    """In logarithms: the product over many annotators would be too small for a float."""
    logs = np.log(confusion).transpose(0, 2, 1).reshape(-1, len(shares))
    likely = told @ logs + np.log(np.maximum(shares, SMALLEST))
    likely -= likely.max(axis=1, keepdims=True)
    np.exp(likely, out=likely)
    posterior: np.ndarray = likely / likely.sum(axis=1, keepdims=True)
    return posterior
