"""The topics' names as examples: of few articles, what a topic is called says more than one."""

from collections.abc import Callable, Sequence

import numpy as np

from training.classification.data import TopicData

TEMPLATE = "This article is about {}."
# Standard errors above chance that names must be right by; "c1" and "c2" are not.
ERRORS = 2


def name_examples(
    data: TopicData, vectors: np.ndarray, embed: Callable[[Sequence[str]], np.ndarray]
) -> TopicData:
    """One text a topic, or none where names tell the encoder nothing.

    They tell something where the nearest name is right about the examples more often than always
    saying the most frequent topic would be. ``vectors`` are those of the examples, of length 1.
    """
    texts = tuple(TEMPLATE.format(name) for name in data.names)
    nearest = (vectors @ embed(texts).T).argmax(axis=1)
    right = data.gold[np.arange(len(data)), nearest].mean()
    chance = data.gold.mean(axis=0).max()
    if right <= chance + ERRORS * np.sqrt(chance * (1 - chance) / len(data)):
        return data.at([])
    return TopicData(texts, np.eye(len(texts), dtype=int), data.names, data.several)


def together_with(data: TopicData, more: TopicData) -> TopicData:
    """The texts of both, in this order."""
    gold = np.concatenate([data.gold, more.gold])
    return TopicData(data.texts + more.texts, gold, data.names, data.several)
