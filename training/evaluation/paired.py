"""Two models on the same articles: differences by the paired bootstrap.

Articles are resampled, and each resample scores both models (Efron and Tibshirani 1993, chapter
16; Koehn 2004). Two articles are added to what is resampled, on one of which only the first model
is right and on the other only the second, as Agresti and Min (2005) add to a table of paired
proportions. Without them, models that answer a small test alike would be called equal with
certainty; with them, the interval is then about three articles wide (the "rule of three").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from corpus.intervals import RESAMPLES, Interval, to_interval
from training.evaluation.counts import Counts, f1, totals, usual, with_sum


@dataclass(frozen=True, slots=True)
class Difference:
    """A score of both models on the same articles; ``difference`` is new − old.

    ``support`` counts the gold articles or spans that it rests on.
    """

    old: float
    new: float
    difference: Interval
    support: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Micro-F1 over all labels (accuracy where each article has one), and F1 of each label.

    ``better``: share of resamples in which the new model scores higher, ties counting half.
    """

    n: int
    overall: Difference
    better: float
    labels: dict[str, Difference]


def compare(
    old: Counts, new: Counts, labels: Sequence[str], seed: int, resamples: int = RESAMPLES
) -> Comparison:
    """Both models' counts on the same articles and the same gold; one article or more."""
    parts = [with_sum(p) for p in (old.hit, old.said, new.hit, new.said, new.real)]
    columns = sparse.vstack([sparse.hstack(parts), _added(parts[-1])]).tocsr()
    # Without the two that were added, and over resamples with them: (…, 5, 1 + labels).
    n = columns.shape[0] - 2
    observed = np.asarray(columns[:n].sum(axis=0)).reshape(5, -1)
    drawn = totals(columns, seed, resamples)[1:].reshape(resamples, 5, -1)
    differences = [_difference(observed[:, i], drawn[:, :, i]) for i in range(1 + len(labels))]
    gained = _gained(drawn[:, :, 0].T)
    return Comparison(
        n=n,
        overall=differences[0],
        better=float((gained > 0).mean() + (gained == 0).mean() / 2),
        labels=dict(zip(labels, differences[1:], strict=True)),
    )


def _added(real: Any) -> Any:
    """Two articles with as much gold as those have that have any: each model fails on one."""
    gold = usual(real)
    nothing = np.zeros_like(gold)
    rows = [(gold, gold, nothing, gold, gold), (nothing, gold, gold, gold, gold)]
    return sparse.csr_matrix(np.vstack([np.hstack(row) for row in rows]))


def _difference(observed: np.ndarray, drawn: np.ndarray) -> Difference:
    """From hits and predictions of the old model, those of the new one, and gold."""
    old_hit, old_said, new_hit, new_said, real = observed
    return Difference(
        old=float(f1(old_hit, old_said, real)),
        new=float(f1(new_hit, new_said, real)),
        difference=to_interval(_gained(observed), _gained(drawn.T)),
        support=int(real),
    )


def _gained(counts: np.ndarray) -> Any:
    old_hit, old_said, new_hit, new_said, real = counts
    return f1(new_hit, new_said, real) - f1(old_hit, old_said, real)
