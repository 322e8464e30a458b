"""Krippendorff's alpha where an answer is a set, by Jaccard's distance.

Distances of every two different answers are never held at once: what a resample needs of them are
their sums between every two groups of items.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from scipy import sparse

from corpus.intervals import RESAMPLES, Interval, drawn_counts
from corpus.votes.choices import alpha_of, least_of
from corpus.votes.figures import to_figure, to_groups
from corpus.votes.table import Table, count_cells, to_table, unit_pairs
from corpus.votes.vote import Candidate, Vote

# Of items; a resample looks at every two of them.
MOST_GROUPS = 500
# Different answers that are compared with all others at a time.
BLOCK = 64
# Pairs of answers that are compared at a time.
PAIRS = 1 << 16


def set_alpha(
    votes: Sequence[Vote[frozenset[Candidate]]], seed: int, resamples: int = RESAMPLES
) -> Interval | None:
    """None where nothing is compared, and where only one set was ever answered."""
    table = to_table(votes)
    if not table.labels:
        return None
    sizes, members = table.sizes, _members(table.labels)
    groups, cells = to_groups(table.unit_items, seed, MOST_GROUPS), count_cells(table)
    differing = np.bincount(table.unit, _distances_within(table, members)) / (sizes - 1)
    counts = sparse.csr_matrix(
        (cells.times, (groups.at[cells.unit], cells.label)), (groups.size, len(table.labels))
    )
    between, furthest = _between(counts, members)
    two = 2 / len(table.unit)
    # One item where both answers are the same, and one where they differ as far as any do; what
    # is answered there is as frequent as among all.
    to_all = two * between.sum(axis=1)
    added = np.repeat([[two * to_all.sum()]], 2, axis=0).repeat(2, axis=1)
    sides = np.repeat(to_all[:, None], 2, axis=1)
    whole = np.block([[between, sides], [sides.T, added]])
    observed = np.append(groups.sums(differing[:, None])[:, 0], [0.0, 2 * furthest])
    answers = np.append(np.asarray(counts.sum(axis=1))[:, 0], [2.0, 2.0])
    first = np.append(np.ones(groups.size), [0.0, 0.0])[None]
    drawn = [
        alpha_of(weight @ observed, ((weight @ whole) * weight).sum(axis=1), weight @ answers)
        for weight in chain([first], drawn_counts(len(answers), seed, resamples))
    ]
    return to_figure(np.concatenate(drawn), least_of(sizes))


def _members(answers: Sequence[frozenset[Candidate]]) -> np.ndarray:
    """1 where an answer has a label: (answers, labels)."""
    index = {c: at for at, c in enumerate(sorted({c for answer in answers for c in answer}))}
    found = np.zeros((len(answers), len(index)))
    for row, answer in enumerate(answers):
        found[row, [index[candidate] for candidate in answer]] = 1
    return found


def _distances_within(table: Table[frozenset[Candidate]], members: np.ndarray) -> np.ndarray:
    """Of each answer to all later ones to the same question, twice: (answers,)."""
    found = np.zeros(len(table.unit))
    for one, other in unit_pairs(table):
        for start in range(0, len(one), PAIRS):
            rows, others = one[start : start + PAIRS], other[start : start + PAIRS]
            a, b = members[table.choice[rows]], members[table.choice[others]]
            distance = _distance((a * b).sum(axis=1), a.sum(axis=1) + b.sum(axis=1))
            found += 2 * np.bincount(rows, distance, len(found))
    return found


def _between(counts: sparse.csr_matrix, members: np.ndarray) -> tuple[np.ndarray, float]:
    """Sums of distances between the answers of two groups, (groups, groups); and the largest."""
    sizes = members.sum(axis=1)
    found = np.zeros((counts.shape[0], counts.shape[0]))
    furthest = 0.0
    by_answer = counts.tocsc()
    for start in range(0, len(members), BLOCK):
        block = slice(start, start + BLOCK)
        distance = _distance(members @ members[block].T, sizes[:, None] + sizes[block])
        furthest = max(furthest, float(distance.max()))
        found += (by_answer[:, block] @ (counts @ distance).T).T
    return found, furthest


def _distance(shared: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """1 - shared / all, and 0 for two empty sets; ``marks`` are those of both, counted twice where
    they are shared.
    """
    union = marks - shared
    return np.where(union > 0, 1 - shared / np.maximum(union, 1), 0.0)
