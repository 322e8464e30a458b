"""Shares of labels with intervals, before and after something, resampled by article."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from corpus.agreement import MIN_ARTICLES
from corpus.intervals import PERCENT, Interval, ratio, to_interval
from corpus.suggestions.acceptance import Z, wilson
from corpus.suggestions.resampling import article_totals

# Article and label, one for each time it was given.
Given = Sequence[tuple[str, str]]
Verdict = Literal["higher", "lower", "not told", "too few"]


@dataclass(frozen=True, slots=True)
class Counted:
    """Labels given to articles: ``counts`` is (articles, labels), rows in the order of ids."""

    labels: tuple[str, ...]
    counts: np.ndarray


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure before and after, and after − before.

    The verdict is "not told" where the interval of the difference holds 0.
    """

    what: str
    before: Interval | None
    after: Interval | None
    difference: Interval | None
    verdict: Verdict


def count_given(articles: Collection[str], given: Given, labels: Sequence[str]) -> Counted:
    """``articles`` are the rows, also those without a label."""
    rows = {article: at for at, article in enumerate(sorted(articles))}
    columns = {label: at for at, label in enumerate(labels)}
    counts = np.zeros((len(rows), len(columns)))
    for article, label in given:
        counts[rows[article], columns[label]] += 1
    return Counted(tuple(labels), counts)


def label_shares(counted: Counted, seed: int) -> dict[str, Interval | None]:
    """The share of each label among all that were given; None for fewer than five articles."""
    used = counted.counts.sum(axis=1) > 0
    found: dict[str, Interval | None] = dict.fromkeys(counted.labels)
    if used.sum() < MIN_ARTICLES:
        return found
    shares = _resampled(article_totals(counted.counts, seed))
    for at, label in enumerate(counted.labels):
        found[label] = to_interval(shares[0, at], shares[1:, at])
        if shares[0, at] in (0, 1):
            # Resamples of none or all are all alike.
            low, high = wilson(int(shares[0, at]) * int(used.sum()), int(used.sum()))
            found[label] = Interval(float(shares[0, at]), low, high)
    return found


def compare_shares(before: Counted, after: Counted, seed: int) -> list[Difference]:
    """Of both the same articles and labels. The intervals of the differences hold for all labels at
    once: as wide as the largest of all resampled deviations is in 95 percent (max-t).
    """
    sides = [label_shares(side, seed) for side in (before, after)]
    if None in [*sides[0].values(), *sides[1].values()]:
        return [Difference(label, None, None, None, "too few") for label in before.labels]
    totals = article_totals(np.hstack([before.counts, after.counts]), seed)
    old, new = (_resampled(part) for part in np.split(totals, 2, axis=1))
    value, moved = new[0] - old[0], (new - old)[1:]
    spread = np.maximum(moved.std(axis=0), _least_spread(before, after))
    reach = max(Z, float(np.percentile((abs(moved - value) / spread).max(axis=1), PERCENT)))
    return [
        to_difference(
            label,
            sides[0][label],
            sides[1][label],
            Interval(*map(float, (value[at], low[at], high[at]))),
        )
        for low, high in [(value - reach * spread, value + reach * spread)]
        for at, label in enumerate(before.labels)
    ]


def to_difference(
    what: str, before: Interval | None, after: Interval | None, difference: Interval | None
) -> Difference:
    """With the verdict that the interval allows."""
    if before is None or after is None or difference is None:
        return Difference(what, before, after, None, "too few")
    verdict: Verdict = "not told"
    if difference.low > 0:
        verdict = "higher"
    elif difference.high < 0:
        verdict = "lower"
    return Difference(what, before, after, difference, verdict)


def _resampled(totals: np.ndarray) -> np.ndarray:
    found: np.ndarray = ratio(totals, np.broadcast_to(_whole(totals), totals.shape))
    return found


def _whole(totals: np.ndarray) -> np.ndarray:
    whole: np.ndarray = totals.sum(axis=1, keepdims=True)
    return whole


def _least_spread(before: Counted, after: Counted) -> np.ndarray:
    """Standard error as if each article were one label, two more added (Agresti and Caffo 2000):
    what a label that hardly occurs may vary, though its resamples do not.
    """
    found = np.zeros(len(before.labels))
    for side in (before, after):
        articles = (side.counts.sum(axis=1) > 0).sum()
        shares = side.counts.sum(axis=0) / side.counts.sum()
        added = (shares * articles + 1) / (articles + 2)
        rare = (shares * articles < 1) | ((1 - shares) * articles < 1)
        found += np.where(rare, added * (1 - added) / (articles + 2), 0)
    return np.maximum(np.sqrt(found), 1e-12)
