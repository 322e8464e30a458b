"""The bootstrap over articles, at a cost that does not grow with a large desk."""

import numpy as np

from corpus.intervals import RESAMPLES, resampled_totals

# Of more articles, groups of them are resampled.
MOST_GROUPS = 2000


def article_totals(columns: np.ndarray, seed: int, resamples: int = RESAMPLES) -> np.ndarray:
    """``resampled_totals`` of (articles, columns), rows in the order of article ids.

    Ids are hashes of the content, so that neighbours have nothing in common: sums over groups of
    neighbours are as independent as the articles, and ratios of their resampled totals spread
    alike.
    """
    return resampled_totals(in_groups(columns, MOST_GROUPS), seed, resamples)


def in_groups(columns: np.ndarray, most: int) -> np.ndarray:
    """Sums over at most so many groups of neighbouring rows, of sizes that differ by one."""
    if len(columns) <= most:
        return columns
    starts = np.arange(most) * len(columns) // most
    summed: np.ndarray = np.add.reduceat(columns, starts, axis=0)
    return summed
