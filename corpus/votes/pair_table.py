"""Pairs of answers that are sets, as numbers: by annotator, by label, by revision."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from corpus.votes.figures import Figures
from corpus.votes.pairing import choose_pairs
from corpus.votes.sets import OF_LABELS, OF_ONE_LABEL, OF_SPANS, PairCount, figures_of_rows

Key = TypeVar("Key")
Measure = Callable[[np.ndarray, np.ndarray], Figures]


@dataclass(frozen=True, slots=True)
class PairTable:
    """``rows`` are the counts of each pair, and whether its answers are the same, (pairs, 4);
    ``by_label`` likewise of each label that one of the two used, with the pair and the label.
    Labels are numbered by name, as annotators are. ``figures`` are measured of pairs,
    ``of_one_label`` of each label.
    """

    items: np.ndarray
    annotators: Sequence[str]
    first: np.ndarray
    second: np.ndarray
    guidelines: np.ndarray
    rows: np.ndarray
    labels: Sequence[str]
    label: np.ndarray
    pair: np.ndarray
    by_label: np.ndarray
    figures: Sequence[str]
    of_one_label: Sequence[str]


@dataclass(frozen=True, slots=True)
class OfPairs:
    """Figures of pairs of annotators; ``left_out`` are not measured."""

    figures: Mapping[tuple[str, str], Figures]
    left_out: int


def to_pair_table(pairs: Sequence[PairCount], are_labels: bool) -> PairTable:
    """In the same order; ``are_labels``: answers are sets of labels, not of spans."""
    annotators = sorted({name for pair in pairs for name in pair.annotators})
    labels = sorted({label for pair in pairs for label in pair.counts})
    who = {name: at for at, name in enumerate(annotators)}
    numbers = {label: at for at, label in enumerate(labels)}
    parts = [(at, numbers[n], *c) for at, pair in enumerate(pairs) for n, c in pair.counts.items()]
    entries = np.array(parts, dtype=np.int64).reshape(-1, 5)
    rows = [np.bincount(entries[:, 0], column, len(pairs)) for column in entries[:, 2:].T]
    same = np.array([pair.same for pair in pairs], dtype=bool)
    return PairTable(
        items=np.unique(np.array([p.unit[0] for p in pairs], dtype=str), return_inverse=True)[1],
        annotators=annotators,
        first=np.array([who[pair.annotators[0]] for pair in pairs], dtype=np.int64),
        second=np.array([who[pair.annotators[1]] for pair in pairs], dtype=np.int64),
        guidelines=np.array([pair.guidelines for pair in pairs], dtype=str),
        rows=np.column_stack([*rows, same]),
        labels=labels,
        label=entries[:, 1],
        pair=entries[:, 0],
        by_label=np.column_stack([entries[:, 2:], same[entries[:, 0]]]).astype(float),
        figures=OF_LABELS if are_labels else OF_SPANS,
        of_one_label=OF_ONE_LABEL if are_labels else OF_SPANS,
    )


def figures_of_everybody(table: PairTable, seed: int, resamples: int) -> dict[str, Figures]:
    """Annotator → all their pairs."""
    of = np.concatenate([table.first, table.second])
    rows = np.tile(np.arange(len(table.rows)), 2)
    parts = _parts(of, rows)
    return {table.annotators[who]: _measure(table, pairs, seed, resamples) for who, pairs in parts}


def figures_of_labels(table: PairTable, seed: int, resamples: int) -> dict[str, Figures]:
    """Label → the pairs where somebody used it."""
    parts = _parts(table.label, np.arange(len(table.label)))
    return {
        table.labels[label]: figures_of_rows(
            table.items[table.pair[entries]],
            table.by_label[entries],
            table.of_one_label,
            seed,
            resamples,
        )
        for label, entries in parts
    }


def figures_of_pairs(table: PairTable, seed: int, resamples: int, most: int | None) -> OfPairs:
    """Of at most so many pairs of annotators, those with most in common."""
    annotators = len(table.annotators)
    keys = table.first * annotators + table.second
    found, times = np.unique(keys, return_counts=True)
    met = choose_pairs(found, times, annotators, most)
    parts = dict(_parts(keys, np.arange(len(keys))))
    figures = {
        (table.annotators[one], table.annotators[other]): _measure(
            table, parts[one * annotators + other], seed, resamples
        )
        for one, other in met.pairs
    }
    return OfPairs(figures, met.left_out)


def figures_of_revisions(table: PairTable, seed: int, resamples: int) -> dict[str, Figures]:
    """Of answers given under the same guidelines, where they are named."""
    revisions, at = np.unique(table.guidelines, return_inverse=True)
    return {
        str(revisions[number]): _measure(table, pairs, seed, resamples)
        for number, pairs in _parts(at, np.arange(len(at)))
        if revisions[number]
    }


def _measure(table: PairTable, pairs: np.ndarray, seed: int, resamples: int) -> Figures:
    return figures_of_rows(table.items[pairs], table.rows[pairs], table.figures, seed, resamples)


def _parts(keys: np.ndarray, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each key with its rows, in order."""
    order = np.argsort(keys, kind="stable")
    found, starts = np.unique(keys[order], return_index=True)
    for key, part in zip(found, np.split(rows[order], starts[1:]), strict=False):
        yield int(key), part
