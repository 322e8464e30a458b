"""Agreement where an answer is a set: of spans, or of labels that may be several.

F1 between annotators (Hripcsak and Rothschild 2005), pooled over all pairs of answers: a pair where
neither marked anything adds nothing above and nothing below the line, so it never raises agreement.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from corpus.articles import Span
from corpus.intervals import RESAMPLES
from corpus.votes.figures import Figures, drawn_totals, part_of, there, to_figure, to_groups
from corpus.votes.vote import Candidate, Unit, Vote, by_unit, compared, label_of

# Marks found exactly, marks found about, all marks.
Counts = tuple[int, int, int]
# Figures of answers that are spans, of those that are labels, and of one label among these.
OF_SPANS, OF_LABELS = ("f1_exact", "f1_overlap"), ("percent", "f1_exact")
OF_ONE_LABEL = ("f1_exact",)
# Figure → the column that it is a share of, and that of the whole.
_SHARES = {"percent": (3, 4), "f1_exact": (0, 2), "f1_overlap": (1, 2)}


@dataclass(frozen=True, slots=True)
class PairCount:
    """Two answers to one question, by label (entity type).

    ``counts`` are marks found exactly on the other side, marks that overlap one of the same type
    there, and all marks; of both sides together. ``guidelines`` is empty where the two differ.
    ``same``: the answers are equal, also where neither holds anything.
    """

    unit: Unit
    annotators: tuple[str, str]
    guidelines: str
    counts: dict[str, Counts]
    same: bool


def count_pairs(votes: Iterable[Vote[frozenset[Candidate]]]) -> list[PairCount]:
    """Every pair of answers to the same question."""
    return [
        PairCount(
            a.unit,
            (a.annotator, b.annotator),
            a.guidelines if a.guidelines == b.guidelines else "",
            _counts(a.value, b.value),
            a.value == b.value,
        )
        for unit in compared(by_unit(votes).values())
        for a, b in combinations(unit, 2)
    ]


def set_figures(
    pairs: Sequence[PairCount], seed: int, label: str | None = None, resamples: int = RESAMPLES
) -> Figures:
    """F1 of exact marks, and of overlapping ones: the share of marks that are found again.

    ``label``: of this one alone, over the pairs where somebody used it.
    """
    used = [pair for pair in pairs if label is None or label in pair.counts]
    rows = [pair.counts[label] if label is not None else _all_labels(pair.counts) for pair in used]
    items = np.array([pair.unit[0] for pair in used], dtype=str)
    columns = np.column_stack([rows, [pair.same for pair in used]]) if used else np.zeros((0, 4))
    return figures_of_rows(items, columns.astype(float), OF_SPANS, seed, resamples)


def figures_of_rows(
    items: np.ndarray, rows: np.ndarray, names: Sequence[str], seed: int, resamples: int
) -> Figures:
    """These figures of pairs as numbers: the item of each, its counts and whether its answers are
    the same, (pairs, 4).
    """
    if not len(rows):
        return Figures(0, 0, {})
    marked = rows[rows[:, 2] > 0, 2]
    usual = marked.mean() if len(marked) else 1.0
    added = np.array([[usual, usual, usual, 1, 1], [0, 0, usual, 0, 1]])
    groups = to_groups(items, seed)
    columns = np.column_stack([rows, np.ones(len(rows))])
    totals = drawn_totals(groups.sums(columns), added, seed, resamples)
    shares = {name: (totals[:, at] for at in _SHARES[name]) for name in names}
    values = {name: to_figure(part_of(*share)) for name, share in shares.items()}
    return Figures(groups.items, len(rows), there(values))


def overlap(a: Span, b: Span) -> bool:
    """Whether they share a code point."""
    return a.start < b.end and b.start < a.end


def have_overlaps(answers: Iterable[Set[Candidate]]) -> bool:
    """Whether one of the answers holds spans that overlap."""
    return any(_has_overlap(answer) for answer in answers)


def _has_overlap(answer: Set[Any]) -> bool:
    spans: list[Span] = sorted(mark for mark in answer if isinstance(mark, Span))
    # Sorted by their start: where any two overlap, two neighbours do.
    return any(overlap(one, other) for one, other in pairwise(spans))


def _all_labels(counts: Mapping[str, Counts]) -> Counts:
    exact = near = marks = 0
    for one, other, all_ in counts.values():
        exact, near, marks = exact + one, near + other, marks + all_
    return exact, near, marks


def _counts(a: Set[Candidate], b: Set[Candidate]) -> dict[str, Counts]:
    found: dict[str, Counts] = {}
    for mine, other in ((a, b), (b, a)):
        for mark in mine:
            exact, near, marks = found.get(label_of(mark), (0, 0, 0))
            same = mark in other
            about = same or (isinstance(mark, Span) and any(_near(mark, near_) for near_ in other))
            found[label_of(mark)] = (exact + same, near + about, marks + 1)
    return found


def _near(a: Span | str, b: Span | str) -> bool:
    return isinstance(a, Span) and isinstance(b, Span) and a.label == b.label and overlap(a, b)
