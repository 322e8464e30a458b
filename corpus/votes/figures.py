"""Figures with intervals, from sums over resampled items.

Two items are added to those that are resampled, one where all is as it should be and one where
nothing is (as Agresti and Coull 1998 add to a proportion), so that no small file looks certain. Of
many items groups are resampled, drawn by lot: neighbours in a file may have much in common.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from corpus.intervals import Interval, drawn_counts, ratio, resampled_totals, to_interval
from corpus.suggestions.resampling import MOST_GROUPS

# Resamples of up to so many items are kept: 1 MB each at most.
FEW = 128
# Of more columns, most cells are empty.
WIDE = 40
# Less of it is what rounding leaves of none.
ROOM = 1e-12


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures over ``pairs`` pairs of answers to ``items`` items, by name.

    ``undefined`` are those that have no value here, since all that was answered is one label: by
    chance alone it would always agree.
    """

    items: int
    pairs: int
    values: Mapping[str, Interval]
    undefined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Groups:
    """Which of ``size`` groups each row belongs to, (rows,); an item each, or several."""

    at: np.ndarray
    size: int
    items: int

    def sums(self, columns: np.ndarray) -> np.ndarray:
        """Of (rows, columns): (size, columns)."""
        return np.column_stack([np.bincount(self.at, c, self.size) for c in columns.T])

    def counts(
        self, rows: np.ndarray, labels: np.ndarray, times: np.ndarray, classes: int
    ) -> np.ndarray:
        """How often each group has each label: (size, classes). Row and label by number."""
        cells = self.at[rows] * classes + labels
        return np.bincount(cells, times, self.size * classes).reshape(self.size, classes)


def to_groups(items: Sequence[str] | np.ndarray, seed: int, most: int = MOST_GROUPS) -> Groups:
    """Rows of one item belong together; ``items`` names, or numbers, that of each row."""
    names = items if isinstance(items, np.ndarray) else np.array(items, dtype=object).astype(str)
    found, at = np.unique(names, return_inverse=True)
    if len(found) <= most:
        return Groups(at, len(found), len(found))
    lots = np.random.default_rng(seed).permutation(len(found))
    return Groups(lots[at] * most // len(found), most, len(found))


def item_totals(
    items: Sequence[str] | np.ndarray,
    columns: np.ndarray,
    added: np.ndarray,
    seed: int,
    resamples: int,
) -> np.ndarray:
    """Sums of (rows, columns) over resampled items, the observed ones first.

    ``items`` names the item of each row: rows of one item are drawn together. ``added`` are the
    columns of the two that are added.
    """
    return drawn_totals(to_groups(items, seed).sums(columns), added, seed, resamples)


def drawn_totals(summed: np.ndarray, added: np.ndarray, seed: int, resamples: int) -> np.ndarray:
    """The same, of the sums of each group."""
    values = np.vstack([summed, added])
    if len(values) <= FEW:
        drawn = _few_drawn(len(values), seed, resamples) @ values
        return np.vstack([summed.sum(axis=0, keepdims=True), drawn])
    is_wide = values.shape[1] > WIDE
    totals = (_sparse_totals if is_wide else resampled_totals)(values, seed, resamples)
    totals[0] = summed.sum(axis=0)
    return totals


def _sparse_totals(values: np.ndarray, seed: int, resamples: int) -> np.ndarray:
    """``resampled_totals`` of columns that are nearly empty: each of many labels is rare."""
    # Few desks have so many labels, and all would wait for it.
    from scipy import sparse

    turned = sparse.csr_matrix(values.T)
    drawn = [(turned @ counts.T).T for counts in drawn_counts(len(values), seed, resamples)]
    return np.vstack([values.sum(axis=0, keepdims=True), *drawn])


@lru_cache(maxsize=FEW)
def _few_drawn(n: int, seed: int, resamples: int) -> np.ndarray:
    """Of two annotators in a large pool few items are common: many pairs have as many."""
    return np.vstack([np.zeros((0, n)), *drawn_counts(n, seed, resamples)])


def to_figure(values: np.ndarray, least: float | None = None) -> Interval | None:
    """The first value with the middle 95 percent of the others; NaN says that there is none.

    Of a measure in [``least``, 1] none is outside: the two items that are added may pull resamples
    of few items there. Without resamples there is a value alone, twice more as low and high.
    """
    value, drawn = float(values[0]), values[1:][~np.isnan(values[1:])]
    if least is not None:
        drawn = drawn.clip(least, 1.0)
    if np.isnan(value):
        return None
    if not len(drawn):
        return Interval(value, value, value)
    found = to_interval(value, drawn)
    # The two that are added may pull the interval of a perfect value below it.
    return Interval(value, min(found.low, value), max(found.high, value))


def there(values: Mapping[str, Interval | None]) -> dict[str, Interval]:
    """Without those that could not be told."""
    return {name: value for name, value in values.items() if value is not None}


def missing(values: Mapping[str, Interval | None]) -> tuple[str, ...]:
    """Names of those that could not be told."""
    return tuple(name for name, value in values.items() if value is None)


def part_of(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Element by element; NaN where there is nothing to divide by."""
    part, whole = np.broadcast_arrays(part, whole)
    found: np.ndarray = np.where(whole > 0, ratio(part, whole), np.nan)
    return found


def beyond_chance(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """(observed - expected) / (1 - expected); NaN where chance alone would always agree."""
    room = 1 - expected
    kappa = np.full(np.broadcast_shapes(observed.shape, room.shape), np.nan)
    np.divide(observed - expected, room, out=kappa, where=room > ROOM)
    return kappa
