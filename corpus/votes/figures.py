"""Figures with intervals, from sums over resampled items.

Two items are added to those that are resampled, one where all is as it should be and one where
nothing is (as Agresti and Coull 1998 add to a proportion), so that no small file looks certain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.intervals import Interval, ratio, resampled_totals, to_interval

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


def item_totals(
    items: Sequence[str], columns: np.ndarray, added: np.ndarray, seed: int, resamples: int
) -> np.ndarray:
    """Sums of (rows, columns) over resampled items, the observed ones first.

    ``items`` names the item of each row: rows of one item are drawn together. ``added`` are the
    columns of the two that are added.
    """
    _, at = np.unique(np.array(items, dtype=object).astype(str), return_inverse=True)
    summed = np.zeros((at.max() + 1, columns.shape[1]))
    np.add.at(summed, at, columns)
    totals = resampled_totals(np.vstack([summed, added]), seed, resamples)
    totals[0] = summed.sum(axis=0)
    return totals


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
