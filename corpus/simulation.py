"""Simulated reviewers: gold in, answers with seeded noise out. For demo, tests, benchmarks.

They are no substitute for people, and everything published from their answers says so.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus.articles import Article, Span
from corpus.errors import DeskError


@dataclass(frozen=True, slots=True)
class SimulatedAnswer:
    """What a simulated reviewer submits."""

    topic: str | None
    spans: tuple[Span, ...] | None


@dataclass(frozen=True, slots=True)
class SimulatedReviewer:
    """One reviewer: probability of a wrong topic, and of a mistake per span, in [0, 1).

    The same name, seed and article always give the same answer.
    """

    name: str
    topic_noise: float
    span_noise: float
    seed: int

    def answer(
        self, article: Article, topics: Sequence[str], entity_types: Sequence[str]
    ) -> SimulatedAnswer:
        """The gold of the article with this reviewer's noise; None where nothing is asked."""
        dice = random.Random(f"{self.seed}:{self.name}:{article.id}")
        topic = self._topic(article, topics, dice) if topics else None
        spans = self._spans(article, entity_types, dice) if entity_types else None
        return SimulatedAnswer(topic, spans)

    def _topic(self, article: Article, topics: Sequence[str], dice: random.Random) -> str:
        if article.topic is None:
            raise _unlabelled(article, "topic")
        wrong = [topic for topic in topics if topic != article.topic]
        return dice.choice(wrong) if dice.random() < self.topic_noise else article.topic

    def _spans(
        self, article: Article, entity_types: Sequence[str], dice: random.Random
    ) -> tuple[Span, ...]:
        if article.spans is None:
            raise _unlabelled(article, "spans")
        kept: list[Span] = []
        for span in article.spans:
            if dice.random() >= self.span_noise:
                kept.append(span)
                continue
            # The two mistakes people make most: missing a mention, or the wrong type.
            others = [label for label in entity_types if label != span.label]
            if dice.random() < 0.5 and others:
                kept.append(Span(span.start, span.end, dice.choice(others)))
        return tuple(kept)


def require_labels(articles: Iterable[Article], topics: bool, spans: bool) -> None:
    """DeskError for the first article that lacks what simulated reviewers answer from."""
    for article in articles:
        if topics and article.topic is None:
            raise _unlabelled(article, "topic")
        if spans and article.spans is None:
            raise _unlabelled(article, "spans")


def _unlabelled(article: Article, what: str) -> DeskError:
    return DeskError(
        f"Article {article.id} ({article.text[:40]!r}…) has no {what} of its source to simulate an "
        "answer from.",
        "Map the labels in source.columns, or leave out --simulate and review in Argilla.",
    )
