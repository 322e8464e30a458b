"""Measured curves of a set of examples: chosen, encoded once, fitted often."""

import random
from collections.abc import Sequence
from typing import TypeVar

from corpus.errors import DeskError
from training.examples import EntityExample, TopicExample
from training.worth.entities import measure_entities
from training.worth.measured import SMALLEST, Measured
from training.worth.token_states import token_states
from training.worth.topics import embed, measure_topics

# Encoding costs 0.02 CPU seconds an article, and token states 1.6 KB a token; of more gold a
# sample is measured, and the law tells the rest.
MOST_TOPICS, MOST_ENTITIES, MOST_HELD_OUT = 4000, 1000, 500

Example = TypeVar("Example", TopicExample, EntityExample)


def topic_curve(
    examples: Sequence[TopicExample], topics: Sequence[str], encoder: str, length: int, seed: int
) -> Measured:
    """Train on (at most 4,000 of) split train, ask for the articles of the other splits.

    ``length`` is in tokens. Raises DeskError where there is nothing to learn from or to ask.
    """
    train, held_out = _chosen(examples, MOST_TOPICS, seed)
    texts = [example.text for example in (*train, *held_out)]
    vectors = embed(texts, encoder, length)
    both = vectors[: len(train)], vectors[len(train) :]
    return measure_topics(train, held_out, topics, both, seed)


def entity_curve(
    examples: Sequence[EntityExample], types: Sequence[str], encoder: str, length: int, seed: int
) -> Measured:
    """As ``topic_curve``, of at most 1,000 articles; ``length`` is that of a window."""
    train, held_out = _chosen(examples, MOST_ENTITIES, seed)
    states = tuple(token_states(part, types, encoder, length) for part in (train, held_out))
    return measure_entities(train, held_out, types, (states[0], states[1]), seed)


def training_size(examples: Sequence[TopicExample] | Sequence[EntityExample]) -> int:
    """How many examples there are to learn from."""
    return sum(example.split == "train" for example in examples)


def _chosen(
    examples: Sequence[Example], most: int, seed: int
) -> tuple[list[Example], list[Example]]:
    """Training and held-out examples; the choice depends on ids and seed, not on their order."""
    train = sorted((e for e in examples if e.split == "train"), key=lambda e: e.id)
    other = sorted((e for e in examples if e.split != "train"), key=lambda e: e.id)
    if len(train) < SMALLEST or not other:
        raise DeskError(
            f"A learning curve needs {SMALLEST} training examples and one held out; there are "
            f"{len(train)} and {len(other)}.",
            "Review more articles in Argilla, then run copydesk pull.",
        )
    draw = random.Random(seed)
    chosen = draw.sample(train, min(len(train), most))
    asked = draw.sample(other, min(len(other), MOST_HELD_OUT))
    # In the order of the published rows: resampling goes by position.
    return chosen, sorted(asked, key=lambda e: e.id)
