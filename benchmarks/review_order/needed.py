"""How many answers an order needs to reach what random order reaches, with intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.review_order.simulate import Run
from corpus.intervals import HIGH, LOW, drawn_counts
from training.worth.measured import f1_errors

RESAMPLES = 1000
RANDOM = "random"


def score_curves(runs: Mapping[str, Sequence[Run]], seed: int = 0) -> dict[str, np.ndarray]:
    """Order → mean scores over seeds: (1 + resamples, steps), the first row as observed.

    Test articles and seeds are resampled, the same ones for every order.
    """
    (articles,) = {run.counts.shape[1] for found in runs.values() for run in found}
    seeds = len(runs[RANDOM])
    weights = np.vstack([np.ones(articles), *drawn_counts(articles, seed, RESAMPLES)])
    lots = np.vstack([np.ones(seeds), *drawn_counts(seeds, seed + 1, RESAMPLES)]) / seeds
    return {name: _mean_scores(found, weights, lots) for name, found in runs.items()}


def _mean_scores(found: Sequence[Run], weights: np.ndarray, lots: np.ndarray) -> np.ndarray:
    """(1 + resamples, steps), a weight of each article and of each seed a row."""
    total = np.zeros((len(weights), found[0].counts.shape[0]))
    for n, run in enumerate(found):
        counts = np.tensordot(weights, run.counts.astype(float), axes=(1, 1))
        total += lots[:, n : n + 1] * (1 - f1_errors(counts))
    return total


def answers_needed(curves: np.ndarray, targets: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Of each row the first number of answers whose score reaches the row's target.

    Between two steps as if the curve were straight; infinite where it is never reached.
    """
    needed = np.full(len(curves), np.inf)
    for row, (curve, target) in enumerate(zip(curves, targets, strict=True)):
        reached = np.flatnonzero(curve >= target)
        if len(reached):
            last = reached[0]
            before, low = (0.0, 0.0) if last == 0 else (at[last - 1], curve[last - 1])
            step = (target - low) / (curve[last] - low) if curve[last] > low else 1.0
            needed[row] = before + step * (at[last] - before)
    return needed


def compare(
    runs: Mapping[str, Sequence[Run]], at: np.ndarray, marks: Sequence[int]
) -> list[dict[str, Any]]:
    """A row for each order and mark: what random order reaches with so many answers, what this one
    needs to reach it, and the difference of their scores there.
    """
    curves = score_curves(runs)
    rows = []
    for mark in marks:
        column = int(np.flatnonzero(at == mark)[0])
        target = curves[RANDOM][:, column]
        for name, curve in curves.items():
            needed = answers_needed(curve, target, at)
            rows.append(
                {
                    "order": name,
                    "mark": mark,
                    "random_reaches": float(target[0]),
                    "needed": _interval(needed),
                    "better": _interval(curve[:, column] - target),
                    "words": round(
                        float(np.mean([run.words[column] for run in runs[name]])) / mark, 1
                    ),
                }
            )
    return rows


def _interval(values: np.ndarray) -> dict[str, float | None]:
    """JSON knows no infinity: None is "not within what was answered"."""
    low, high = np.percentile(values[1:], [LOW, HIGH], method="nearest")
    named = {"value": values[0], "low": low, "high": high}
    return {key: float(v) if np.isfinite(v) else None for key, v in named.items()}
