"""Topics over amounts of gold: frozen embeddings, computed once, and a logistic regression each.

A stand-in for the model that is published, which would take hours to train so often.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from threadpoolctl import threadpool_limits

from training.encoder import encoder_path
from training.examples import TopicExample
from training.worth.kept import encoded_once
from training.worth.measured import GOLD, HITS, PREDICTED, Measured, nested_orders, part_sizes

METHOD = "logistic regression on embeddings of the frozen base model"
BATCH = 32
# Of the head (C): embeddings of length one need less shrinking than the default.
STRENGTH = 10.0
REPEATS = 8


def embed(texts: Sequence[str], encoder: str, max_length_tokens: int) -> np.ndarray:
    """Unit vectors (texts, dimensions) of the encoder as it is."""

    def encode(positions: Sequence[int]) -> dict[int, np.ndarray]:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(encoder_path(encoder))
        model.max_seq_length = max_length_tokens
        vectors = model.encode(
            [texts[i] for i in positions],
            batch_size=BATCH,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return {i: vector[None] for i, vector in zip(positions, vectors, strict=True)}

    inputs = [text.encode("utf-8", "surrogatepass") for text in texts]
    what = f"texts of {max_length_tokens} tokens"
    return np.concatenate(encoded_once(what, encoder, "float32", inputs, encode))


def measure_topics(
    train: Sequence[TopicExample],
    held_out: Sequence[TopicExample],
    topics: Sequence[str],
    vectors: tuple[np.ndarray, np.ndarray],
    seed: int,
    repeats: int = REPEATS,
) -> Measured:
    """Fit on nested parts of ``train``; ``vectors`` are those of both lists, in order."""
    gold = [_one_hot(examples, topics) for examples in (train, held_out)]
    exclusive = all(len(example.topics) == 1 for example in (*train, *held_out))
    sizes = part_sizes(len(train))
    counts = np.zeros((len(sizes), repeats, len(held_out), len(topics), 3), dtype=np.int32)
    counts[..., GOLD] = gold[1]
    for repeat, order in enumerate(nested_orders(len(train), repeats, seed)):
        for s, size in enumerate(sizes):
            if repeat and size == len(train):
                counts[s, repeat] = counts[s, 0]
                continue
            part = order[:size]
            said = _predict(vectors[0][part], gold[0][part], vectors[1], exclusive)
            counts[s, repeat, ..., PREDICTED] = said
            counts[s, repeat, ..., HITS] = said * gold[1]
    support = dict(zip(topics, map(int, gold[0].sum(axis=0)), strict=True))
    ids = tuple(example.id for example in held_out)
    return Measured(ids, tuple(topics), sizes, support, counts)


def _one_hot(examples: Sequence[TopicExample], topics: Sequence[str]) -> np.ndarray:
    found = np.zeros((len(examples), len(topics)), dtype=np.int32)
    for i, example in enumerate(examples):
        for topic in example.topics:
            found[i, topics.index(topic)] = 1
    return found


def _predict(x: np.ndarray, y: np.ndarray, asked: np.ndarray, exclusive: bool) -> np.ndarray:
    """Topics (0 or 1) of what is asked; labels without an example are never predicted."""
    said = np.zeros((len(asked), y.shape[1]), dtype=np.int32)
    known = np.flatnonzero(y.any(axis=0))
    # Matrices this small gain nothing from threads, which wait for each other by spinning.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        # Of very few examples the last digits do not matter.
        warnings.simplefilter("ignore", ConvergenceWarning)
        if exclusive and len(known) == 1:
            said[:, known] = 1
        elif exclusive:
            head = LogisticRegression(C=STRENGTH, max_iter=300).fit(x, y.argmax(axis=1))
            said[np.arange(len(asked)), head.predict(asked)] = 1
        else:
            said[:, known] = _several(x, y[:, known], asked)
    return said


def _several(x: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Each topic against the rest; one that every example has is always predicted."""
    said = np.ones((len(asked), y.shape[1]), dtype=np.int32)
    mixed = ~y.all(axis=0)
    if mixed.any():
        head = OneVsRestClassifier(LogisticRegression(C=STRENGTH, max_iter=300))
        found = head.fit(x, y[:, mixed]).predict(asked)
        said[:, mixed] = found.reshape(len(asked), -1)
    return said
