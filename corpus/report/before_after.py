"""Ratios before and after a change of the guidelines: agreement, spans an answer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from corpus.agreement import MIN_ARTICLES
from corpus.intervals import RESAMPLES, to_interval
from corpus.ledger_rows import LedgerEntry
from corpus.report.shares import Difference, to_difference
from corpus.resolve import span_votes, topic_set_votes
from corpus.suggestions.resampling import MOST_GROUPS, in_groups
from corpus.votes.figures import item_totals, part_of, to_figure
from corpus.votes.sets import count_pairs
from corpus.votes.vote import by_unit


@dataclass(frozen=True, slots=True)
class Part:
    """What an article adds above and below the line."""

    above: float
    below: float


Parts = Mapping[str, Part]
NONE = Part(0, 0)


def topic_pairs(entries: Sequence[LedgerEntry]) -> Parts:
    """Of each article with two answers: pairs that chose the same topic, of several topics
    exactly the same, and all pairs.
    """
    found = {}
    for (article, _), votes in by_unit(topic_set_votes([e.response for e in entries])).items():
        pairs = [a.value == b.value for a, b in combinations(votes, 2)]
        if pairs:
            found[article] = Part(sum(pairs), len(pairs))
    return found


def span_pairs(entries: Sequence[LedgerEntry]) -> Parts:
    """Of each article with two answers: marks that the other has exactly, and all marks."""
    exact: Counter[str] = Counter()
    marks: Counter[str] = Counter()
    for pair in count_pairs(span_votes([e.response for e in entries])):
        for same, _, used in pair.counts.values():
            exact[pair.unit[0]] += same
            marks[pair.unit[0]] += used
    return {article: Part(exact[article], marks[article]) for article in marks}


def marks_given(entries: Sequence[LedgerEntry]) -> Parts:
    """Of each article: spans marked, and answers."""
    marks: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    for vote in span_votes([e.response for e in entries]):
        marks[vote.item] += len(vote.value)
        answers[vote.item] += 1
    return {article: Part(marks[article], answers[article]) for article in answers}


def compare_ratios(
    what: str, before: Parts, after: Parts, seed: int, is_share: bool = True
) -> Difference:
    """Articles of both are drawn together, so that those in both count as the pairs they are.

    To a share, two articles a side are added as ``corpus.votes.figures`` does. Too few: fewer than
    five articles a side.
    """
    if min(len(before), len(after)) < MIN_ARTICLES:
        return Difference(what, None, None, None, "too few")
    articles = sorted({*before, *after})
    rows = [[*_columns(before, a), *_columns(after, a)] for a in articles]
    columns = in_groups(np.array(rows, dtype=float), MOST_GROUPS)
    usual = [sum(part.below for part in side.values()) / len(side) for side in (before, after)]
    added = _added(columns, usual, is_share)
    items = [f"{at:06d}" for at in range(len(columns))]
    totals = item_totals(items, columns, added, seed, RESAMPLES)
    old, new = part_of(totals[:, 0], totals[:, 1]), part_of(totals[:, 2], totals[:, 3])
    moved = new - old
    difference = None if np.isnan(moved[0]) else to_interval(moved[0], moved[~np.isnan(moved)][1:])
    return to_difference(what, to_figure(old), to_figure(new), difference)


def _columns(parts: Parts, article: str) -> tuple[float, float]:
    part = parts.get(article, NONE)
    return part.above, part.below


def _added(columns: np.ndarray, usual: Sequence[float], is_share: bool) -> np.ndarray:
    """One article where all is right and one where nothing is; none at all for a mean."""
    if not is_share:
        return np.zeros((0, columns.shape[1]))
    right = [value for side in usual for value in (side, side)]
    wrong = [value for side in usual for value in (0.0, side)]
    return np.array([right, wrong])
