"""What every score is made of: how often each label was right, said and there, by article.

Matrices are sparse, (articles, labels): an article has few labels, a desk may have hundreds.

Two articles are added to those that are resampled, one that is right and one that is wrong (as
Agresti and Coull 1998 add to a proportion). Without them 30 right answers would be given an
interval from 1 to 1; with them it is about three articles wide ("rule of three").
"""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from corpus.articles import Span
from corpus.intervals import RESAMPLES, drawn_counts, ratio


@dataclass(frozen=True, slots=True)
class Counts:
    """``hit``: right; ``said``: predicted; ``real``: gold. Each (articles, labels)."""

    hit: Any
    said: Any
    real: Any

    def at(self, rows: Sequence[int] | np.ndarray) -> "Counts":
        """These articles, in this order."""
        return Counts(self.hit[rows], self.said[rows], self.real[rows])


def topic_counts(
    gold: Sequence[str | None], predicted: Sequence[str | None], topics: Sequence[str]
) -> Counts:
    """One topic an article; None counts as no topic, one that is not in ``topics`` likewise."""
    return set_counts(
        [() if topic is None else (topic,) for topic in gold],
        [() if topic is None else (topic,) for topic in predicted],
        topics,
    )


def set_counts(
    gold: Sequence[Collection[str]], predicted: Sequence[Collection[str]], labels: Sequence[str]
) -> Counts:
    """Any number of labels an article; what is not in ``labels`` is left out."""
    pairs = [(set(g), set(p)) for g, p in zip(gold, predicted, strict=True)]
    return Counts(
        hit=_matrix([g & p for g, p in pairs], labels),
        said=_matrix([p for _, p in pairs], labels),
        real=_matrix([g for g, _ in pairs], labels),
    )


def span_counts(
    gold: Sequence[Collection[Span]], predicted: Sequence[Collection[Span]], types: Sequence[str]
) -> Counts:
    """Exact spans: right where start, end and type are; a type not in ``types`` is left out."""
    marked = [[[(s.label, s) for s in spans] for spans in side] for side in (gold, predicted)]
    return item_counts(marked[0], marked[1], types)


def item_counts(
    gold: Sequence[Collection[tuple[str, Hashable]]],
    predicted: Sequence[Collection[tuple[str, Hashable]]],
    labels: Sequence[str],
) -> Counts:
    """Anything that has a label, as (label, what it is): right where both are."""
    pairs = [(set(g), set(p)) for g, p in zip(gold, predicted, strict=True)]
    return Counts(
        hit=_matrix([[label for label, _ in g & p] for g, p in pairs], labels),
        said=_matrix([[label for label, _ in p] for _, p in pairs], labels),
        real=_matrix([[label for label, _ in g] for g, _ in pairs], labels),
    )


def totals(columns: Any, seed: int, resamples: int = RESAMPLES) -> np.ndarray:
    """Column sums of a sparse (articles, columns): (1 + resamples, columns).

    The first row is what was observed, every article once. Resamples are drawn a block at a
    time, so memory does not grow with their number.
    """
    turned = columns.T.tocsr()
    n = columns.shape[0]
    observed = turned @ np.ones((n, 1))
    drawn = [turned @ block.T for block in drawn_counts(n, seed, resamples)]
    return np.hstack([observed, *drawn]).T


@dataclass(frozen=True, slots=True)
class Drawn:
    """Totals, the observed ones first: (1 + resamples, 1 + labels); column 0 is of all labels
    together. ``also``: of other hits, (1 + resamples, kinds), and ``n`` articles: (1 + resamples,).
    """

    hit: np.ndarray
    said: np.ndarray
    real: np.ndarray
    also: np.ndarray
    n: np.ndarray


def draw_scores(
    counts: Counts,
    seed: int,
    resamples: int = RESAMPLES,
    also: np.ndarray | None = None,
    at_best: float | None = None,
) -> Drawn:
    """Resample the articles and the two that are added.

    ``also`` are other hits of each article, (articles, kinds); one that is right has ``at_best`` of
    them, by default as many as it has gold.
    """
    n = counts.real.shape[0]
    hit, said, real = (with_sum(part) for part in (counts.hit, counts.said, counts.real))
    others = np.zeros((n, 0)) if also is None else also
    gold = usual(real)
    best = np.full(others.shape[1], gold[0] if at_best is None else at_best)
    added = [
        np.concatenate([gold * right, gold, gold, best * right, [1.0]]) for right in (1.0, 0.0)
    ]
    columns = sparse.hstack([hit, said, real, sparse.csr_matrix(others), np.ones((n, 1))]).tocsr()
    drawn = totals(sparse.vstack([columns, sparse.csr_matrix(np.vstack(added))]), seed, resamples)
    drawn[0] = np.asarray(columns.sum(axis=0))[0]
    ends = np.cumsum([part.shape[1] for part in (hit, said, real, others)])
    hits, said_all, real_all, others_all, count = np.split(drawn, ends, axis=1)
    return Drawn(hits, said_all, real_all, others_all, count[:, 0])


def with_sum(part: Any) -> Any:
    """Over all labels first, then of each."""
    return sparse.hstack([sparse.csr_matrix(part.sum(axis=1)), part]).tocsr()


def usual(real: Any) -> np.ndarray:
    """How much gold the articles have that have any, by column."""
    found: np.ndarray = ratio(
        np.asarray(real.sum(axis=0)).ravel(), np.asarray((real > 0).sum(axis=0)).ravel()
    )
    return found


def f1(hit: Any, said: Any, real: Any) -> Any:
    """Element by element; 0 where nothing is there and nothing was said."""
    return ratio(2 * np.asarray(hit, dtype=float), np.asarray(said) + np.asarray(real))


def require_pairs(gold: Sequence[Any], predicted: Sequence[Any]) -> None:
    """ValueError unless there are as many predictions as golds, and at least one."""
    if not gold or len(gold) != len(predicted):
        raise ValueError(
            f"scores need as many predictions as golds, and at least one: "
            f"{len(gold)} golds, {len(predicted)} predictions"
        )


def require_known(found: Collection[str], labels: Sequence[str]) -> None:
    """ValueError for a label that is not in the schema."""
    unknown = sorted(set(found) - set(labels))
    if unknown:
        raise ValueError(f"labels {unknown} are not among {list(labels)}")


def _matrix(rows: Sequence[Collection[str]], labels: Sequence[str]) -> Any:
    """How often each label stands in each row: a sparse (rows, labels)."""
    index = {label: i for i, label in enumerate(labels)}
    at = [(row, index[name]) for row, names in enumerate(rows) for name in names if name in index]
    rows_at, columns_at = np.array(at, dtype=int).reshape(-1, 2).T
    shape = (len(rows), len(labels))
    # Entries of one place add up.
    return sparse.csr_matrix((np.ones(len(at)), (rows_at, columns_at)), shape=shape)
