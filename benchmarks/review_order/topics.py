"""Topics of AG News: logistic regression on embeddings of the frozen encoder."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from benchmarks.review_order.simulate import Corpus, Learned, Order
from corpus.articles import Article
from corpus.order.uncertainty import topic_uncertainty
from corpus.simulation import SimulatedAnswer
from training.order.clusters import clusters
from training.worth.topics import embed

TOPICS = ["World", "Sports", "Business", "Sci/Tech"]
ENCODER, LENGTH_TOKENS = "offline", 128
# Of the head (C). With 5 % of the answers wrong, 10 costs random order three points.
STRENGTH = 1.0
FORMULAS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "least confidence": lambda p: np.array([topic_uncertainty(v) for v in p.max(axis=1)]),
    "margin": lambda p: 1 - (np.sort(p, axis=1)[:, -1] - np.sort(p, axis=1)[:, -2]),
}


def topic_corpus(folder: Path, orders: tuple[Order, ...], pool_size: int, step: int) -> Corpus:
    """ag_news_small.parquet: split train is the pool, the others are the test."""
    columns = ["id", "text_clean", "topic", "split"]
    rows = parquet.read_table(folder / "ag_news_small.parquet", columns=columns).to_pylist()
    vectors = embed([row["text_clean"] for row in rows], ENCODER, LENGTH_TOKENS)
    of_id = {row["id"]: vector for row, vector in zip(rows, vectors, strict=True)}
    pool = [row for row in rows if row["split"] == "train"]
    test = [row for row in rows if row["split"] != "train"]
    asked = np.stack([of_id[row["id"]] for row in test])
    gold = np.array([TOPICS.index(row["topic"]) for row in test])

    def learn(
        answers: Mapping[str, SimulatedAnswer], waiting: Sequence[str], formula: str, seed: int
    ) -> Learned:
        said = [str(a.topic) for a in answers.values()]
        head = _fit(np.stack([of_id[i] for i in answers]), said)
        right = head.predict(asked) == np.array(TOPICS)[gold]
        counts = np.stack([right, np.ones_like(right), np.ones_like(right)], axis=1)
        if formula not in FORMULAS:
            return Learned(counts, {})
        found = FORMULAS[formula](head.predict_proba(np.stack([of_id[i] for i in waiting])))
        return Learned(counts, {formula: dict(zip(waiting, found.tolist(), strict=True))})

    return Corpus(
        name="topics of AG News",
        score="accuracy",
        articles={
            row["id"]: Article(row["id"], row["text_clean"], topic=row["topic"]) for row in pool
        },
        labels=(TOPICS, []),
        cluster=lambda ids, seed: clusters(ids, np.stack([of_id[i] for i in ids]), seed),
        learn=learn,
        orders=orders,
        pool=pool_size,
        step=step,
    )


def _fit(x: np.ndarray, topics: Sequence[str]) -> LogisticRegression:
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=STRENGTH, max_iter=300).fit(x, list(topics))
