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

from collections.abc import Sequence

import numpy as np

from corpus.intervals import RESAMPLES
from corpus.votes.figures import (
    ROOM,
    Figures,
    beyond_chance,
    drawn_totals,
    missing,
    part_of,
    there,
    to_figure,
    to_groups,
)
from corpus.votes.table import Table, count_cells, to_table
from corpus.votes.vote import Value, Vote

NOTHING = Figures(0, 0, {})


def choice_figures(votes: Sequence[Vote[Value]], seed: int, resamples: int = RESAMPLES) -> Figures:
    """Of all annotators together."""
    return overall_figures(to_table(votes), seed, resamples)


def label_figures(
    votes: Sequence[Vote[Value]], seed: int, resamples: int = RESAMPLES
) -> dict[Value, Figures]:
    """Of each label: who chose it, how probably does another choose it as well (``f1``, the
    positive agreement), and Fleiss' kappa of that label against all others.
    """
    return figures_by_label(to_table(votes), seed, resamples)


def annotator_figures(
    votes: Sequence[Vote[Value]], annotator: str, seed: int, resamples: int = RESAMPLES
) -> Figures:
    """One annotator against all others who answered the same: percent of pairs and kappa.

    The kappa is Cohen's (1960) with all others taken as one other rater, pair by pair; beside a
    single other annotator it is Cohen's kappa of the two.
    """
    table = to_table(votes)
    if annotator not in table.annotators:
        return NOTHING
    return figures_of_annotator(table, table.annotators.index(annotator), seed, resamples)


def pair_figures(
    votes: Sequence[Vote[Value]], pair: tuple[str, str], seed: int, resamples: int = RESAMPLES
) -> Figures:
    """Two annotators over what both answered: percent and Cohen's kappa."""
    return annotator_figures([v for v in votes if v.annotator in pair], pair[0], seed, resamples)


def overall_figures(table: Table[Value], seed: int, resamples: int) -> Figures:
    """``choice_figures`` of answers as numbers."""
    if not table.labels:
        return NOTHING
    sizes, cells, classes = table.sizes, count_cells(table), len(table.labels)
    pairs = sizes * (sizes - 1) / 2
    agreeing = np.bincount(cells.unit, cells.times * (cells.times - 1) / 2)
    differing = (sizes**2 - np.bincount(cells.unit, cells.times**2)) / (sizes - 1)
    columns = np.column_stack([agreeing, pairs, agreeing / pairs, pairs > 0, differing])
    groups = to_groups(table.unit_items, seed)
    counts = groups.counts(cells.unit, cells.label, cells.times, classes)
    two = 2 * counts.sum(axis=0) / counts.sum()
    most = 2.0 if classes > 1 else 0.0
    added = np.array([[1, 1, 1, 1, 0, *two], [0, 1, 0, 1, most, *two]])
    summed = np.hstack([groups.sums(columns), counts])
    totals, least = drawn_totals(summed, added, seed, resamples), least_of(sizes)
    values = {
        "percent": to_figure(part_of(totals[:, 0], totals[:, 1])),
        "fleiss_kappa": to_figure(_fleiss(totals), least),
        "krippendorff_alpha": to_figure(_nominal_alpha(totals[:, 4:]), least),
    }
    return Figures(groups.items, int(pairs.sum()), there(values), missing(values))


def figures_by_label(table: Table[Value], seed: int, resamples: int) -> dict[Value, Figures]:
    """``label_figures`` of answers as numbers."""
    if not table.labels:
        return {}
    sizes, cells, classes = table.sizes, count_cells(table), len(table.labels)
    others = sizes[cells.unit] - 1
    shared = cells.times * (cells.times - 1) / others
    groups = to_groups(table.unit_items, seed)
    summed = np.hstack(
        [groups.counts(cells.unit, cells.label, n, classes) for n in (shared, cells.times)]
    )
    usual = np.bincount(cells.label, cells.times) / np.bincount(cells.label)
    added = np.vstack([np.hstack([right * usual, usual]) for right in (1, 0)])
    both, chosen = np.split(drawn_totals(summed, added, seed, resamples), 2, axis=1)
    agreed = part_of(both, chosen)
    kappa = beyond_chance(agreed, part_of(chosen, chosen.sum(axis=1, keepdims=True)))
    pairs = np.bincount(cells.label, cells.times * others - cells.times * (cells.times - 1) / 2)
    used = np.unique(table.unit_items[cells.unit] * classes + cells.label) % classes
    items, least = np.bincount(used), least_of(sizes)
    found = {}
    for at, label in enumerate(table.labels):
        values = {"f1": to_figure(agreed[:, at]), "kappa": to_figure(kappa[:, at], least)}
        found[label] = Figures(int(items[at]), int(pairs[at]), there(values), missing(values))
    return found


def figures_of_annotator(table: Table[Value], annotator: int, seed: int, resamples: int) -> Figures:
    """``annotator_figures`` of answers as numbers."""
    own = np.flatnonzero(table.annotator == annotator)
    sizes = table.sizes
    starts = np.cumsum(sizes) - sizes
    times = sizes[table.unit[own]]
    # Rows of the same questions, one question after the other.
    ends = np.cumsum(times)
    rows = np.arange(times.sum()) + np.repeat(starts[table.unit[own]] - (ends - times), times)
    mine = np.repeat(own, times)
    is_other = rows != mine
    return _of_two_sides(table, mine[is_other], rows[is_other], seed, resamples)


def figures_of_pair(
    table: Table[Value], pair: tuple[int, int], seed: int, resamples: int
) -> Figures:
    """``pair_figures`` of answers as numbers."""
    one, other = (np.flatnonzero(table.annotator == who) for who in pair)
    units = table.unit[one], table.unit[other]
    _, mine, others = np.intersect1d(*units, assume_unique=True, return_indices=True)
    return _of_two_sides(table, one[mine], other[others], seed, resamples)


def _of_two_sides(
    table: Table[Value], mine: np.ndarray, others: np.ndarray, seed: int, resamples: int
) -> Figures:
    """Of pairs of rows: one annotator's answers, and what others answered to the same."""
    if not len(mine):
        return NOTHING
    sides = table.choice[mine], table.choice[others]
    # By chance two agree on labels that both sides use; all others add nothing.
    labels = np.intersect1d(*sides)
    same = (sides[0] == sides[1]).astype(float)
    groups = to_groups(table.item[mine], seed)
    counts = []
    for side in sides:
        rows = np.flatnonzero(np.isin(side, labels))
        numbers = np.searchsorted(labels, side[rows])
        counts.append(groups.counts(rows, numbers, np.ones(len(rows)), len(labels)))
    columns = np.column_stack([same, np.ones(len(mine))])
    summed = np.hstack([groups.sums(columns), *counts])
    usual = summed.sum(axis=0)[2:] / len(mine)
    added = np.array([[1, 1, *usual], [0, 1, *usual]])
    totals = drawn_totals(summed, added, seed, resamples)
    observed = part_of(totals[:, 0], totals[:, 1])
    shares = [part_of(side, totals[:, 1:2]) for side in np.split(totals[:, 2:], 2, axis=1)]
    kappa = beyond_chance(observed, (shares[0] * shares[1]).sum(axis=1))
    values = {"percent": to_figure(observed), "cohen_kappa": to_figure(kappa, -1.0)}
    return Figures(groups.items, len(mine), there(values), missing(values))


def _fleiss(totals: np.ndarray) -> np.ndarray:
    shares = part_of(totals[:, 5:], totals[:, 5:].sum(axis=1, keepdims=True))
    return beyond_chance(part_of(totals[:, 2], totals[:, 3]), (shares**2).sum(axis=1))


def _nominal_alpha(totals: np.ndarray) -> np.ndarray:
    """Columns: observed disagreement, then counts."""
    counts = totals[:, 1:]
    n = counts.sum(axis=1)
    return alpha_of(totals[:, 0], n**2 - (counts**2).sum(axis=1), n)


def alpha_of(observed: np.ndarray, pairs_apart: np.ndarray, n: np.ndarray) -> np.ndarray:
    """By the distances in all pairs of ``n`` answers; NaN where only one was ever given."""
    expected = part_of(pairs_apart, n - 1)
    return 1 - part_of(observed, np.where(expected > ROOM * n, expected, 0.0))


def least_of(sizes: np.ndarray) -> float:
    """Of Fleiss' kappa and alpha, by the numbers of answers."""
    return -1.0 / (float(sizes.min()) - 1)
