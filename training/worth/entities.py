"""Entities over amounts of gold: frozen token states, computed once, and a linear tagger each.

A stand-in for the model that is published, which would take hours to train so often.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from training.entities.encode import IGNORED
from training.entities.predict import spans_of
from training.entities.schemes import tag_names
from training.examples import EntityExample
from training.worth.measured import GOLD, HITS, PREDICTED, Measured, nested_orders, part_sizes
from training.worth.token_states import TokenStates

METHOD = "linear tagger on token states of the frozen base model and word shapes"
REPEATS = 4
EPOCHS, LEAST_STEPS, BATCH_TOKENS, LEARNING_RATE = 8, 150, 256, 1e-2


def measure_entities(
    train: Sequence[EntityExample],
    held_out: Sequence[EntityExample],
    entity_types: Sequence[str],
    states: tuple[Sequence[TokenStates], Sequence[TokenStates]],
    seed: int,
    repeats: int = REPEATS,
) -> Measured:
    """Fit on nested parts of ``train``; ``states`` are the windows of both lists."""
    sizes = part_sizes(len(train))
    of_text = _by_text(states[0], len(train))
    shape = (len(sizes), repeats, len(held_out), len(entity_types), 3)
    counts = np.zeros(shape, dtype=np.int32)
    for repeat, order in enumerate(nested_orders(len(train), repeats, seed)):
        for s, size in enumerate(sizes):
            if repeat and size == len(train):
                counts[s, repeat] = counts[s, 0]
                continue
            part = [window for i in order[:size] for window in of_text[i]]
            tagger = fit_tagger(part, entity_types, seed + repeat)
            counts[s, repeat] = count_spans(tagger, held_out, states[1], entity_types)
    support = Counter(span.label for example in train for span in example.spans)
    return Measured(
        ids=tuple(example.id for example in held_out),
        labels=tuple(entity_types),
        sizes=sizes,
        support={label: support[label] for label in entity_types},
        counts=counts,
    )


def _by_text(states: Sequence[TokenStates], texts: int) -> list[list[TokenStates]]:
    found: list[list[TokenStates]] = [[] for _ in range(texts)]
    for state in states:
        found[state.window.text_index].append(state)
    return found


def fit_tagger(
    part: Sequence[TokenStates], entity_types: Sequence[str], seed: int
) -> torch.nn.Linear:
    """A linear tagger of the tokens of these windows."""
    labels = torch.tensor(np.concatenate([state.window.labels for state in part]))
    known = labels != IGNORED
    features = torch.tensor(np.concatenate([state.features for state in part]))[known].float()
    labels = labels[known]
    draw = torch.Generator().manual_seed(seed)
    tagger = torch.nn.Linear(features.shape[1], len(tag_names(entity_types)))
    torch.nn.init.zeros_(tagger.weight)
    torch.nn.init.zeros_(tagger.bias)
    steps = max(LEAST_STEPS, EPOCHS * -(-len(labels) // BATCH_TOKENS))
    optimizer = torch.optim.AdamW(tagger.parameters(), lr=LEARNING_RATE, fused=True)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, steps)
    done = 0
    while done < steps:
        batches = torch.split(torch.randperm(len(labels), generator=draw), BATCH_TOKENS)
        for batch in batches[: steps - done]:
            optimizer.zero_grad()
            loss = cross_entropy(tagger(features[batch]), labels[batch])
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
        done += len(batches)
    return tagger


def tag_states(tagger: torch.nn.Linear, states: Sequence[TokenStates]) -> list[np.ndarray]:
    """(tokens × tags) logarithms of probabilities of each window."""
    with torch.no_grad():
        return [
            torch.log_softmax(tagger(torch.tensor(state.features).float()), dim=-1).numpy()
            for state in states
        ]


def count_spans(
    tagger: torch.nn.Linear,
    examples: Sequence[EntityExample],
    states: Sequence[TokenStates],
    entity_types: Sequence[str],
) -> np.ndarray:
    """Hits, predicted and gold spans: (examples, entity types, 3)."""
    index = {label: i for i, label in enumerate(entity_types)}
    counts = np.zeros((len(examples), len(entity_types), 3), dtype=np.int32)
    windows, texts = [state.window for state in states], [e.text for e in examples]
    found = spans_of(texts, windows, tag_states(tagger, states), tag_names(entity_types))
    for i, (example, predicted) in enumerate(zip(examples, found, strict=True)):
        gold, said = set(example.spans), {span.span() for span in predicted}
        for which, spans in ((HITS, gold & said), (PREDICTED, said), (GOLD, gold)):
            for span in spans:
                counts[i, index[span.label], which] += 1
    return counts
