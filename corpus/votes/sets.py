"""Agreement where an answer is a set: of spans, or of labels that may be several.

F1 between annotators (Hripcsak and Rothschild 2005), pooled over all pairs of answers: a pair where
neither marked anything adds nothing above and nothing below the line, so it never raises agreement.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from corpus.articles import Span
from corpus.intervals import RESAMPLES
from corpus.votes.figures import Figures, item_totals, part_of, there, to_figure
from corpus.votes.vote import Candidate, Unit, Vote, by_unit, compared, label_of


@dataclass(frozen=True, slots=True)
class PairCount:
    """Two answers to one question, by label (entity type).

    ``counts`` are marks found exactly on the other side, marks that overlap one of the same type
    there, and all marks; of both sides together. ``guidelines`` is empty where the two differ.
    """

    unit: Unit
    annotators: tuple[str, str]
    guidelines: str
    counts: dict[str, tuple[int, int, int]]


def count_pairs(votes: Iterable[Vote[frozenset[Candidate]]]) -> list[PairCount]:
    """Every pair of answers to the same question."""
    return [
        PairCount(
            a.unit,
            (a.annotator, b.annotator),
            a.guidelines if a.guidelines == b.guidelines else "",
            _counts(a.value, b.value),
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
    if not used:
        return Figures(0, 0, {})
    rows = np.array(
        [
            np.sum([c for name, c in pair.counts.items() if label in (None, name)], axis=0)
            if pair.counts
            else (0, 0, 0)
            for pair in used
        ]
    )
    marked = rows[rows[:, 2] > 0, 2]
    usual = marked.mean() if len(marked) else 1.0
    added = np.array([[usual, usual, usual], [0, 0, usual]])
    items = [pair.unit[0] for pair in used]
    totals = item_totals(items, rows, added, seed, resamples)
    values = {
        "f1_exact": to_figure(part_of(totals[:, 0], totals[:, 2])),
        "f1_overlap": to_figure(part_of(totals[:, 1], totals[:, 2])),
    }
    return Figures(len(set(items)), len(used), there(values))


def jaccard_distance(a: Set[Candidate], b: Set[Candidate]) -> float:
    """1 - shared / all; 0 for two empty sets."""
    return 1 - len(a & b) / len(a | b) if a or b else 0.0


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


def _counts(a: Set[Candidate], b: Set[Candidate]) -> dict[str, tuple[int, int, int]]:
    found: dict[str, tuple[int, int, int]] = {}
    for mine, other in ((a, b), (b, a)):
        for mark in mine:
            exact, near, marks = found.get(label_of(mark), (0, 0, 0))
            is_near = mark in other or any(_near(mark, there_) for there_ in other)
            found[label_of(mark)] = (exact + (mark in other), near + is_near, marks + 1)
    return found


def _near(a: Span | str, b: Span | str) -> bool:
    return isinstance(a, Span) and isinstance(b, Span) and a.label == b.label and overlap(a, b)
