"""A review by simulated reviewers: they answer from the top of the queue, models learn, again."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.articles import Article
from corpus.order.queue import Known, queued
from corpus.settings.order import OrderShares
from corpus.simulation import SimulatedAnswer, SimulatedReviewer

# Wrong topics, and spans missed or mistyped: the second of the desk's three simulated reviewers.
NOISE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A model after so many answers: hits, predicted and gold of each test article (articles, 3),
    and how unsure it is of each waiting article, by formula.
    """

    counts: np.ndarray
    uncertainty: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Order:
    """A name, the shares of the queue, and by which formula the model is unsure."""

    name: str
    shares: OrderShares
    formula: str = ""


Learn = Callable[[Mapping[str, SimulatedAnswer], Sequence[str], str, int], Learned]


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """What is reviewed, its clusters, and what learns from ``step`` answers at a time.

    ``pool``: so many articles wait, drawn anew by each seed.
    """

    name: str
    score: str
    articles: Mapping[str, Article]
    labels: tuple[list[str], list[str]]
    cluster: Callable[[Sequence[str], int], Mapping[str, int]]
    learn: Learn
    orders: tuple[Order, ...]
    pool: int
    step: int


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Counts after each step: (steps, test articles, 3); ``words`` read by then, for each step."""

    counts: np.ndarray
    words: np.ndarray
    cpu_seconds: float


def review(corpus: Corpus, order: Order, most: int, seed: int) -> Run:
    """Answer ``step`` articles at a time until ``most``, of a pool drawn by the seed."""
    began = time.process_time()
    waiting = random.Random(seed).sample(sorted(corpus.articles), corpus.pool)
    alike = corpus.cluster(waiting, seed) if order.shares.diversity else {}
    reviewer = SimulatedReviewer("simulated", NOISE, NOISE, seed)
    answers: dict[str, SimulatedAnswer] = {}
    unsure: Mapping[str, float] = {}
    counts, words = [], []
    while len(answers) < most:
        queue = queued(waiting, answers, Known(unsure, alike), order.shares, seed)
        for i in queue[: corpus.step]:
            answers[i] = reviewer.answer(corpus.articles[i], *corpus.labels)
        waiting = queue[corpus.step :]
        learned = corpus.learn(answers, waiting, order.formula, seed)
        unsure = learned.uncertainty.get(order.formula, {})
        counts.append(learned.counts)
        words.append(sum(len(corpus.articles[i].text.split()) for i in answers))
    return Run(np.stack(counts), np.array(words), time.process_time() - began)
