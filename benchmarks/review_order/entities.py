"""Entities of news sentences: a linear tagger on token states of the frozen encoder."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import torch

from benchmarks.review_order.simulate import Corpus, Learned, Order
from corpus.articles import Article, Span
from corpus.order.uncertainty import span_uncertainty
from corpus.simulation import SimulatedAnswer
from training.entities.encode import first_tokens, resolved, to_labels
from training.entities.predict import spans_of
from training.entities.schemes import tag_names
from training.examples import EntityExample
from training.order.clusters import clusters
from training.worth.entities import count_spans, fit_tagger, tag_states
from training.worth.token_states import TokenStates, token_states

TYPES = ["person", "organization", "location", "event"]
ENCODER, ENCODER_WIDTH, LENGTH_TOKENS = "offline", 384, 256
POOL, TEST = 2500, 500


def entity_corpus(folder: Path, orders: tuple[Order, ...], pool_size: int, step: int) -> Corpus:
    """ner_news_small.parquet: the pool is of split train, the test of the others."""
    columns = ["id", "text", "spans", "split"]
    rows = parquet.read_table(folder / "ner_news_small.parquet", columns=columns).to_pylist()
    pool = {r["id"]: _article(r) for r in [r for r in rows if r["split"] == "train"][:POOL]}
    test = [_example(_article(r)) for r in rows if r["split"] != "train"][:TEST]
    windows = _windows([_example(a) for a in pool.values()])
    asked = token_states(test, TYPES, ENCODER, LENGTH_TOKENS)
    of_id = {i: sentence_vector(states) for i, states in windows.items()}

    def learn(
        answers: Mapping[str, SimulatedAnswer], waiting: Sequence[str], formula: str, seed: int
    ) -> Learned:
        part = [
            answered(pool[i].text, state, given.spans or ())
            for i, given in answers.items()
            for state in windows[i]
        ]
        tagger = fit_tagger(part, TYPES, seed)
        counts = count_spans(tagger, test, asked, TYPES).sum(axis=1)
        if formula not in FORMULAS:
            return Learned(counts, {})
        unsure = {i: FORMULAS[formula](pool[i].text, windows[i], tagger) for i in waiting}
        return Learned(counts, {formula: unsure})

    return Corpus(
        name="entities of news sentences",
        score="exact-span F1",
        articles=pool,
        labels=([], TYPES),
        cluster=lambda ids, seed: clusters(ids, np.stack([of_id[i] for i in ids]), seed),
        learn=learn,
        orders=orders,
        pool=pool_size,
        step=step,
    )


def sentence_vector(states: Sequence[TokenStates]) -> np.ndarray:
    """As the encoder pools them: the mean of the last layer's states, of length one."""
    layer = np.concatenate([s.features for s in states])[:, :ENCODER_WIDTH].astype(np.float32)
    mean = layer.mean(axis=0)
    found: np.ndarray = mean / np.linalg.norm(mean)
    return found


def answered(text: str, state: TokenStates, spans: Sequence[Span]) -> TokenStates:
    """The window with the tags of an answer in place of gold's."""
    offsets = state.window.offsets
    starts = first_tokens(resolved(text, spans, Counter()), [offsets], Counter())
    labels = to_labels(offsets, starts, tag_names(TYPES))
    return TokenStates(replace(state.window, labels=labels), state.features)


def wrong_spans(text: str, states: Sequence[TokenStates], tagger: torch.nn.Linear) -> float:
    """The expected number of wrong spans, as the desk has it."""
    windows = [replace(state.window, text_index=0) for state in states]
    (spans,) = spans_of([text], windows, tag_states(tagger, states), tag_names(TYPES))
    return span_uncertainty(spans)


def token_entropies(states: Sequence[TokenStates], tagger: torch.nn.Linear) -> np.ndarray:
    """Of every token that counts, in nats."""
    found = [
        -(np.exp(row) * row).sum(axis=1)[np.array(state.window.owned, dtype=bool)]
        for state, row in zip(states, tag_states(tagger, states), strict=True)
    ]
    return np.concatenate(found)


FORMULAS: dict[str, Callable[[str, Sequence[TokenStates], Any], float]] = {
    "expected wrong spans": wrong_spans,
    "mean token entropy": lambda _, states, tagger: float(token_entropies(states, tagger).mean()),
    "total token entropy": lambda _, states, tagger: float(token_entropies(states, tagger).sum()),
}


def _windows(examples: Sequence[EntityExample]) -> dict[str, list[TokenStates]]:
    found: dict[str, list[TokenStates]] = {example.id: [] for example in examples}
    for state in token_states(examples, TYPES, ENCODER, LENGTH_TOKENS):
        found[examples[state.window.text_index].id].append(state)
    return found


def _article(row: Mapping[str, Any]) -> Article:
    spans = tuple(Span(s["start"], s["end"], s["label"]) for s in row["spans"])
    return Article(row["id"], row["text"], spans=spans)


def _example(article: Article) -> EntityExample:
    return EntityExample(article.id, article.text, article.spans or (), "train")
