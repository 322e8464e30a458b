"""Scores of each label, with their intervals over resampled articles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.intervals import Interval, ratio, to_interval
from training.evaluation.counts import Drawn, f1

UNKNOWN = Interval(0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Scores of one topic or entity type; ``support`` counts gold articles or spans."""

    precision: float
    recall: float
    f1: Interval
    support: int
    precision_interval: Interval
    recall_interval: Interval


@dataclass(frozen=True, slots=True)
class Averages:
    """Over all labels: micro counts articles or spans alike, macro labels that occur.

    None is not defined: nothing was said (precision), nothing was there (recall), or neither.
    """

    precision: Interval | None
    recall: Interval | None
    micro_f1: Interval | None
    macro_f1: Interval | None


def estimate(values: np.ndarray) -> Interval:
    """The first value is the observed one, the others are of resamples."""
    return to_interval(values[0], values[1:])


def share(part: np.ndarray, whole: np.ndarray) -> Interval | None:
    """Observed and resampled; None where there was nothing to divide by."""
    return estimate(ratio(part, whole)) if whole[0] else None


def label_scores(labels: Sequence[str], drawn: Drawn) -> dict[str, LabelScores]:
    """Of each label by itself. Of one that no gold holds, all three may be anything, and so may
    precision of one that was never predicted: 0 with an interval from 0 to 1.
    """
    hit, said, real = (part[:, 1:] for part in (drawn.hit, drawn.said, drawn.real))
    precision, recall, both = ratio(hit, said), ratio(hit, real), f1(hit, said, real)
    return {
        label: LabelScores(
            precision=float(precision[0, i]),
            recall=float(recall[0, i]),
            f1=estimate(both[:, i]) if real[0, i] else UNKNOWN,
            support=int(real[0, i]),
            precision_interval=estimate(precision[:, i]) if said[0, i] and real[0, i] else UNKNOWN,
            recall_interval=estimate(recall[:, i]) if real[0, i] else UNKNOWN,
        )
        for i, label in enumerate(labels)
    }


def averages(drawn: Drawn) -> Averages:
    """Over all labels. A label that a resample happens to lack counts 0 there, which makes the
    lower bound of macro-F1 cautious.
    """
    hit, said, real = (part[:, 1:] for part in (drawn.hit, drawn.said, drawn.real))
    present = (said + real)[0] > 0
    each = f1(hit, said, real)[:, present]
    h, s, r = (part[:, 0] for part in (drawn.hit, drawn.said, drawn.real))
    return Averages(
        precision=share(h, s),
        recall=share(h, r),
        micro_f1=share(2 * h, s + r),
        macro_f1=estimate(each.mean(axis=1)) if present.any() else None,
    )
