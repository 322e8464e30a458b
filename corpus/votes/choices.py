"""Agreement where one label is chosen: percent, kappas of Cohen and Fleiss, Krippendorff's alpha.

Items with different numbers of answers:

- ``percent``: of all pairs of answers to the same question; one with more answers counts more.
- Fleiss' kappa (Fleiss 1971; unequal numbers as in Fleiss, Levin and Paik 2003): the share of
  agreeing pairs of each question, the mean over the questions; chance by the labels of all their
  answers.
- Krippendorff's alpha (2011): made for unequal numbers.

Questions with one answer count in none of them. Where all answers are one label, chance alone would
always agree: kappas and alpha are not defined then.

None is above 1. Cohen's kappa is at least -1. With n answers to each question Fleiss' kappa is at
least -1 / (n - 1), and alpha with n or more of them; of unequal numbers Fleiss' kappa may itself be
below, its interval ends there or at the value.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from corpus.intervals import RESAMPLES
from corpus.votes.figures import (
    ROOM,
    Figures,
    beyond_chance,
    item_totals,
    missing,
    part_of,
    there,
    to_figure,
)
from corpus.votes.vote import Value, Vote, by_unit, compared

Distance = Callable[[Value, Value], float]


def choice_figures(
    votes: Sequence[Vote[Value]],
    seed: int,
    resamples: int = RESAMPLES,
    distance: Distance[Value] | None = None,
) -> Figures:
    """Of all annotators together. ``distance`` in [0, 1] is alpha's; None: the same or not."""
    units = compared(by_unit(votes).values())
    if not units:
        return Figures(0, 0, {})
    labels, counts = count_labels(units)
    sizes = counts.sum(axis=1)
    pairs = sizes * (sizes - 1) / 2
    agreeing = (counts * (counts - 1)).sum(axis=1) / 2
    apart = np.array([[_apart(a, b, distance) for b in labels] for a in labels])
    differing = np.einsum("uk,kl,ul->u", counts, apart, counts) / (sizes - 1)
    columns = np.column_stack([agreeing, pairs, agreeing / pairs, pairs > 0, differing, counts])
    two = 2 * counts.sum(axis=0) / counts.sum()
    most = 2 * apart.max()
    added = np.array([[1, 1, 1, 1, 0, *two], [0, 1, 0, 1, most, *two]])
    items = [unit[0].item for unit in units]
    totals = item_totals(items, columns, added, seed, resamples)
    values = {
        "percent": to_figure(part_of(totals[:, 0], totals[:, 1])),
        "fleiss_kappa": to_figure(_fleiss(totals), _least(sizes)),
        "krippendorff_alpha": to_figure(_alpha(totals[:, 4:], apart), _least(sizes)),
    }
    return Figures(len(set(items)), int(pairs.sum()), there(values), missing(values))


def label_figures(
    votes: Sequence[Vote[Value]], seed: int, resamples: int = RESAMPLES
) -> dict[Value, Figures]:
    """Of each label: who chose it, how probably does another choose it as well (``f1``, the
    positive agreement), and Fleiss' kappa of that label against all others.
    """
    units = compared(by_unit(votes).values())
    if not units:
        return {}
    labels, counts = count_labels(units)
    sizes = counts.sum(axis=1, keepdims=True)
    others = sizes - 1
    usual = counts.sum(axis=0) / (counts > 0).sum(axis=0)
    added = np.vstack([np.hstack([right * usual, usual]) for right in (1, 0)])
    items = [unit[0].item for unit in units]
    columns = np.hstack([counts * (counts - 1) / others, counts])
    shared, chosen = np.split(item_totals(items, columns, added, seed, resamples), 2, axis=1)
    agreed = part_of(shared, chosen)
    kappa = beyond_chance(agreed, part_of(chosen, chosen.sum(axis=1, keepdims=True)))
    pairs = (counts * others - counts * (counts - 1) / 2).sum(axis=0)
    found = {}
    for at, label in enumerate(labels):
        used = {i for i, n in zip(items, counts[:, at], strict=True) if n}
        values = {
            "f1": to_figure(agreed[:, at]),
            "kappa": to_figure(kappa[:, at], _least(sizes)),
        }
        found[label] = Figures(len(used), int(pairs[at]), there(values), missing(values))
    return found


def annotator_figures(
    votes: Sequence[Vote[Value]], annotator: str, seed: int, resamples: int = RESAMPLES
) -> Figures:
    """One annotator against all others who answered the same: percent of pairs and kappa.

    The kappa is Cohen's (1960) with all others taken as one other rater, pair by pair; beside a
    single other annotator it is Cohen's kappa of the two.
    """
    units = [
        unit
        for unit in compared(by_unit(votes).values())
        if any(vote.annotator == annotator for vote in unit)
    ]
    if not units:
        return Figures(0, 0, {})
    labels, counts = count_labels(units)
    index = {label: at for at, label in enumerate(labels)}
    mine = np.zeros_like(counts)
    for row, unit in enumerate(units):
        own = next(vote for vote in unit if vote.annotator == annotator)
        mine[row, index[own.value]] = 1
    others = counts - mine
    pairs = others.sum(axis=1, keepdims=True)
    agreeing = (mine * others).sum(axis=1, keepdims=True)
    columns = np.hstack([agreeing, pairs, mine * pairs, others])
    usual = columns.sum(axis=0)[2:] / pairs.sum()
    added = np.array([[1, 1, *usual], [0, 1, *usual]])
    items = [unit[0].item for unit in units]
    totals = item_totals(items, columns, added, seed, resamples)
    observed = part_of(totals[:, 0], totals[:, 1])
    shares = [part_of(side, totals[:, 1:2]) for side in np.split(totals[:, 2:], 2, axis=1)]
    kappa = beyond_chance(observed, (shares[0] * shares[1]).sum(axis=1))
    values = {"percent": to_figure(observed), "cohen_kappa": to_figure(kappa, -1.0)}
    return Figures(len(set(items)), int(pairs.sum()), there(values), missing(values))


def pair_figures(
    votes: Sequence[Vote[Value]], pair: tuple[str, str], seed: int, resamples: int = RESAMPLES
) -> Figures:
    """Two annotators over what both answered: percent and Cohen's kappa."""
    return annotator_figures([v for v in votes if v.annotator in pair], pair[0], seed, resamples)


def count_labels(units: Sequence[Sequence[Vote[Value]]]) -> tuple[list[Value], np.ndarray]:
    """Every label that was chosen, and how often for each unit: (units, labels)."""
    labels = sorted({vote.value for unit in units for vote in unit}, key=_in_words)
    index = {label: at for at, label in enumerate(labels)}
    counts = np.zeros((len(units), len(labels)))
    for row, unit in enumerate(units):
        for label, times in Counter(vote.value for vote in unit).items():
            counts[row, index[label]] = times
    return labels, counts


def _in_words(value: Value) -> str:
    """What is sorted by. A set writes its members in an order that differs between processes, and
    with it the last digits of every sum over labels.
    """
    return str(sorted(value)) if isinstance(value, frozenset) else str(value)


def _apart(a: Value, b: Value, distance: Distance[Value] | None) -> float:
    return float(a != b) if distance is None else distance(a, b)


def _fleiss(totals: np.ndarray) -> np.ndarray:
    shares = part_of(totals[:, 5:], totals[:, 5:].sum(axis=1, keepdims=True))
    return beyond_chance(part_of(totals[:, 2], totals[:, 3]), (shares**2).sum(axis=1))


def _alpha(totals: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Columns: observed disagreement, then counts. NaN where only one label was ever chosen."""
    observed, counts = totals[:, 0], totals[:, 1:]
    n = counts.sum(axis=1)
    pairs_apart = np.einsum("rk,kl,rl->r", counts, apart, counts)
    expected = part_of(pairs_apart, n - 1)
    return 1 - part_of(observed, np.where(expected > ROOM * n, expected, 0.0))


def _least(sizes: np.ndarray) -> float:
    """Of kappa and alpha, by the numbers of answers."""
    return -1.0 / (float(sizes.min()) - 1)
