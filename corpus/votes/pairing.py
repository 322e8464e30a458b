"""Which pairs of annotators met, and on how many questions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.votes.table import Table, unit_pairs
from corpus.votes.vote import Value


@dataclass(frozen=True, slots=True)
class Met:
    """Pairs of annotators by number, in the order of names; ``left_out`` have less in common."""

    pairs: Sequence[tuple[int, int]]
    left_out: int


def choose_pairs(keys: np.ndarray, times: np.ndarray, annotators: int, most: int | None) -> Met:
    """``keys``: first * annotators + second of each pair, with what they have in common.

    Of more than ``most`` those with most in common; among equals the first by name.
    """
    order = np.lexsort((keys, -times))[:most]
    chosen = np.sort(keys[order])
    pairs = [(int(key) // annotators, int(key) % annotators) for key in chosen]
    return Met(pairs, len(keys) - len(pairs))


def met_pairs(table: Table[Value], most: int | None) -> Met:
    """Of those who answered the same question."""
    annotators = len(table.annotators)
    found: list[np.ndarray] = [np.zeros(0, dtype=np.int64)]
    counted: list[np.ndarray] = [np.zeros(0, dtype=np.int64)]
    for one, other in unit_pairs(table):
        keys, times = np.unique(
            table.annotator[one] * annotators + table.annotator[other], return_counts=True
        )
        found.append(keys)
        counted.append(times)
    keys, at = np.unique(np.concatenate(found), return_inverse=True)
    return choose_pairs(keys, np.bincount(at, np.concatenate(counted)), annotators, most)
