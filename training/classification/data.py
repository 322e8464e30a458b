"""What a topic model learns from: texts and a matrix of topics, chosen and checked."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.errors import DeskError
from training.examples import TopicExample


@dataclass(frozen=True, slots=True)
class TopicData:
    """Texts with their topics: ``gold`` is texts × topics, 0 or 1.

    ``several``: a text may have more than one topic, or none. ``names`` are the topics that occur
    in training, in schema order: nothing can be learned of the others.
    """

    texts: tuple[str, ...]
    gold: np.ndarray
    names: tuple[str, ...]
    several: bool

    def __len__(self) -> int:
        return len(self.texts)

    def at(self, numbers: Sequence[int] | np.ndarray) -> "TopicData":
        """The texts with these numbers, in this order."""
        texts = tuple(self.texts[i] for i in numbers)
        return TopicData(texts, self.gold[list(numbers)], self.names, self.several)

    def groups(self) -> np.ndarray:
        """The number of each text's first topic; of a text without topic, one past the last."""
        none = len(self.names)
        return np.where(self.gold.any(axis=1), self.gold.argmax(axis=1), none)

    def rarest(self) -> int:
        """How many texts the topic with the fewest texts has."""
        return int(self.gold.sum(axis=0).min())


def to_data(examples: Sequence[TopicExample], names: Sequence[str], several: bool) -> TopicData:
    """Texts and matrix; topics that are not among ``names`` are left out."""
    column = {name: i for i, name in enumerate(names)}
    gold = np.zeros((len(examples), len(names)), dtype=int)
    for row, example in enumerate(examples):
        for topic in set(example.topics) & column.keys():
            gold[row, column[topic]] = 1
    return TopicData(tuple(e.text for e in examples), gold, tuple(names), several)


def choose_examples(
    examples: Sequence[TopicExample], topics: Sequence[str], per_class: int | None, seed: int
) -> list[TopicExample]:
    """The examples of split train, at most ``per_class`` of each topic.

    The choice depends on the seed and the ids, not on the order of ``examples``. With several
    topics a text the first one counts.
    """
    known = set(topics)
    train = [e for e in examples if e.split == "train" and known.issuperset(e.topics)]
    train.sort(key=lambda e: e.id)
    if per_class is None:
        return train
    by_topic: dict[tuple[str, ...], list[TopicExample]] = defaultdict(list)
    for example in random.Random(seed).sample(train, len(train)):
        by_topic[example.topics[:1]].append(example)
    return [e for topic in [*((t,) for t in topics), ()] for e in by_topic[topic][:per_class]]


def require_two_topics(examples: Sequence[TopicExample], topics: Sequence[str]) -> None:
    """DeskError where the train split has fewer than two topics, with the counts."""
    train = choose_examples(examples, topics, None, 0)
    counts = Counter(topic for example in train for topic in set(example.topics))
    if len(counts) < 2:
        found = ", ".join(f"{topic}: {counts[topic]}" for topic in topics)
        raise DeskError(
            f"Training needs articles of at least two topics in the train split ({found}).",
            "Label more texts, or review more articles and run copydesk pull; then train again.",
        )


def training_data(
    chosen: Sequence[TopicExample], topics: Sequence[str], several: bool = False
) -> TopicData:
    """What to learn from; one example with two topics, or none, makes it ``several``, too."""
    several = several or any(len(set(example.topics)) != 1 for example in chosen)
    known = {topic for example in chosen for topic in example.topics}
    return to_data(chosen, [topic for topic in topics if topic in known], several)


def validation_data(
    examples: Sequence[TopicExample], train: TopicData, topics: Sequence[str]
) -> TopicData:
    """The examples of split validation whose topics were trained."""
    known = set(train.names)
    fitting = [
        e
        for e in sorted(examples, key=lambda e: e.id)
        if e.split == "validation"
        and known.issuperset(e.topics)
        and (train.several or len(set(e.topics)) == 1)
    ]
    return to_data(fitting, train.names, train.several)


def parts(data: TopicData, count: int, seed: int) -> list[np.ndarray]:
    """The numbers of the texts in ``count`` parts, each with its share of every topic."""
    random_order = np.random.default_rng(seed).permutation(len(data))
    groups = data.groups()[random_order]
    ranked = random_order[np.argsort(groups, kind="stable")]
    return [np.sort(ranked[part::count]) for part in range(count)]
