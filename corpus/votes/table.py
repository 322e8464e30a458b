"""Answers as numbers, so that what is counted of many of them is counted by numpy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np

from corpus.votes.vote import Value, Vote, annotators_of, by_unit, compared

# Pairs of answers held at a time.
BLOCK_PAIRS = 1 << 22


@dataclass(frozen=True, slots=True)
class Table(Generic[Value]):
    """Answers to questions with two or more, by question and then by annotator: (answers,) each.

    Questions, items, annotators and labels are numbered in the order of their names.
    """

    unit: np.ndarray
    item: np.ndarray
    annotator: np.ndarray
    choice: np.ndarray
    annotators: Sequence[str]
    labels: Sequence[Value]

    @property
    def sizes(self) -> np.ndarray:
        """Answers to each question."""
        return np.bincount(self.unit)

    @property
    def unit_items(self) -> np.ndarray:
        """The item of each question."""
        return self.item[np.flatnonzero(np.diff(self.unit, prepend=-1))]


@dataclass(frozen=True, slots=True)
class Cells:
    """Questions and labels that were chosen there, ``times`` each: (cells,)."""

    unit: np.ndarray
    label: np.ndarray
    times: np.ndarray


def to_table(votes: Sequence[Vote[Value]]) -> Table[Value]:
    """Without questions that one answered alone."""
    flat = [vote for unit in compared(by_unit(votes).values()) for vote in unit]
    labels = sorted({vote.value for vote in flat}, key=_in_words)
    annotators = annotators_of(flat)
    choice = {label: at for at, label in enumerate(labels)}
    who = {name: at for at, name in enumerate(annotators)}
    units = {unit: at for at, unit in enumerate(dict.fromkeys(vote.unit for vote in flat))}
    items = {item: at for at, item in enumerate(dict.fromkeys(vote.item for vote in flat))}
    return Table(
        unit=_numbers(units[vote.unit] for vote in flat),
        item=_numbers(items[vote.item] for vote in flat),
        annotator=_numbers(who[vote.annotator] for vote in flat),
        choice=_numbers(choice[vote.value] for vote in flat),
        annotators=annotators,
        labels=labels,
    )


def count_cells(table: Table[Value]) -> Cells:
    """How often each label was chosen for each question."""
    classes = len(table.labels)
    cells, times = np.unique(table.unit * classes + table.choice, return_counts=True)
    return Cells(cells // classes, cells % classes, times)


def unit_pairs(table: Table[Value]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Both answers of every pair to the same question, as numbers of rows; a part at a time."""
    sizes = table.sizes
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes):
        one, other = np.triu_indices(size, 1)
        begins = starts[sizes == size]
        for part in np.array_split(begins, -(-len(begins) * len(one) // BLOCK_PAIRS)):
            yield (part[:, None] + one).ravel(), (part[:, None] + other).ravel()


def _numbers(values: Iterator[int]) -> np.ndarray:
    return np.fromiter(values, dtype=np.int64)


def _in_words(value: Value) -> str:
    """What is sorted by. A set writes its members in an order that differs between processes, and
    with it the last digits of every sum over labels.
    """
    return str(sorted(value)) if isinstance(value, frozenset) else str(value)
