"""Batches for the contrastive loss: topics in turn, no text twice before all were seen."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sentence_transformers.base.sampler import DefaultBatchSampler


class TopicsInTurn(DefaultBatchSampler):  # type: ignore[misc]
    """``steps`` batches in each of which every topic has about as many texts.

    A text with several topics stands for the first of them here. Memory: one number a text and
    batch place; pairs are never listed.
    """

    def __init__(
        self, dataset: Any, batch_size: int, groups: Sequence[int], steps: int, seed: int
    ) -> None:
        super().__init__(dataset, batch_size=batch_size, drop_last=False, seed=seed)
        self.groups = np.asarray(groups)
        self.steps = steps

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[list[int]]:
        # Of the seed alone: a training that goes on after a kill draws the same batches.
        random = np.random.default_rng(self.seed)
        topics = [_Topic(np.flatnonzero(self.groups == group)) for group in np.unique(self.groups)]
        size = min(self.batch_size, len(self.groups))
        # Two of a topic at least, or there is no pair that should be alike.
        of_each = max(2, size // len(topics))
        turn = 0
        for _ in range(self.steps):
            batch: list[int] = []
            while len(batch) < size:
                topic = topics[turn % len(topics)]
                batch += topic.draw(min(of_each, size - len(batch)), batch, random)
                turn += 1
            yield batch


class _Topic:
    """The texts of one topic, in a new order each time all were drawn."""

    def __init__(self, members: np.ndarray) -> None:
        self.members = members
        self.waiting: list[int] = []

    def draw(self, count: int, batch: Sequence[int], random: np.random.Generator) -> list[int]:
        """At most ``count`` texts that are not in the batch yet."""
        if len(self.waiting) < count:
            behind = random.permutation(self.members).tolist()
            self.waiting += [number for number in behind if number not in self.waiting]
        found = [number for number in self.waiting if number not in batch][:count]
        self.waiting = [number for number in self.waiting if number not in found]
        return found
