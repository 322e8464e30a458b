"""Scores of topics: one for each article, or any number."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from corpus.intervals import RESAMPLES, Interval, ratio
from training.evaluation.counts import (
    draw_scores,
    require_known,
    require_pairs,
    set_counts,
    topic_counts,
)
from training.evaluation.scores import LabelScores, averages, estimate, label_scores


@dataclass(frozen=True, slots=True)
class TopicScores:
    """Scores of topics over ``n`` articles; ``confusion`` is gold × predicted, schema order."""

    n: int
    accuracy: Interval
    macro_f1: Interval | None
    labels: dict[str, LabelScores]
    confusion: list[list[int]]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TopicSetScores:
    """Scores where an article may have several topics; ``exact``: the whole set is right.

    None is not defined: where all sets are empty there is no F1.
    """

    n: int
    exact: Interval
    precision: Interval | None
    recall: Interval | None
    micro_f1: Interval | None
    macro_f1: Interval | None
    labels: dict[str, LabelScores]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def score_topics(
    gold: Sequence[str],
    predicted: Sequence[str],
    topics: Sequence[str],
    seed: int,
    resamples: int = RESAMPLES,
) -> TopicScores:
    """Accuracy, macro-F1 over the topics that occur, and scores of each topic.

    A topic that a resample happens to lack counts 0 there, which makes the lower bound cautious.
    Raises ValueError without any pair, or for a label that is not among ``topics``.
    """
    require_pairs(gold, predicted)
    require_known({*gold, *predicted}, topics)
    counts = topic_counts(gold, predicted, topics)
    drawn = draw_scores(counts, seed, resamples)
    return TopicScores(
        n=len(gold),
        accuracy=estimate(ratio(drawn.hit[:, 0], drawn.n)),
        macro_f1=averages(drawn).macro_f1,
        labels=label_scores(topics, drawn),
        confusion=(counts.real.T @ counts.said).toarray().astype(int).tolist(),
    )


def score_topic_sets(
    gold: Sequence[Collection[str]],
    predicted: Sequence[Collection[str]],
    topics: Sequence[str],
    seed: int,
    resamples: int = RESAMPLES,
) -> TopicSetScores:
    """Micro- and macro-F1 of sets of topics, and scores of each topic.

    Raises ValueError without any pair, or for a label that is not among ``topics``.
    """
    require_pairs(gold, predicted)
    require_known({name for side in (gold, predicted) for part in side for name in part}, topics)
    counts = set_counts(gold, predicted, topics)
    right = np.array([[set(g) == set(p)] for g, p in zip(gold, predicted, strict=True)])
    drawn = draw_scores(counts, seed, resamples, right.astype(float), at_best=1)
    all_topics = averages(drawn)
    return TopicSetScores(
        n=len(gold),
        exact=estimate(ratio(drawn.also[:, 0], drawn.n)),
        precision=all_topics.precision,
        recall=all_topics.recall,
        micro_f1=all_topics.micro_f1,
        macro_f1=all_topics.macro_f1,
        labels=label_scores(topics, drawn),
    )
