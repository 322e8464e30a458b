"""Simulated reviewers: gold in, answers with seeded noise out. For demo, tests, benchmarks.

They are no substitute for people, and everything published from their answers says so.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus.articles import Article, Prediction, Span, chosen_topics
from corpus.errors import DeskError


@dataclass(frozen=True, slots=True)
class SimulatedAnswer:
    """What a simulated reviewer submits."""

    topic: str | None
    spans: tuple[Span, ...] | None
    topics: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SimulatedReviewer:
    """One reviewer: probability of a wrong topic, and of a mistake per span, in [0, 1).

    ``pull`` in [0, 1] is the probability of taking what is shown as it stands, each time anew: a
    suggested topic; a suggested span (what it would have marked there is then dropped); and that
    nothing is suggested where it would have marked a span (which it then leaves out). Else it
    answers as it would have without suggestions. Of several topics each is noisy by itself (left
    out, or another one), and the pull takes all suggested ones together. The same name, seed,
    article and suggestion always give the same answer, and the own answer does not depend on the
    pull.
    """

    name: str
    topic_noise: float
    span_noise: float
    seed: int
    pull: float = 0.0

    def answer(
        self,
        article: Article,
        topics: Sequence[str],
        entity_types: Sequence[str],
        shown: Prediction | None = None,
    ) -> SimulatedAnswer:
        """The gold of the article with this reviewer's noise, pulled by what is shown with it;
        None where nothing is asked.
        """
        dice = random.Random(f"{self.seed}:{self.name}:{article.id}")
        several = article.topics is not None
        topic = self._topic(article, topics, dice) if topics and not several else None
        chosen = self._topics(article, topics, dice) if topics and several else None
        # Argilla takes no empty answer to a desk's only question.
        chosen = chosen or (chosen if entity_types else article.topics)
        spans = self._spans(article, entity_types, dice) if entity_types else None
        if shown is None:
            return SimulatedAnswer(topic, spans, chosen)
        chance = random.Random(f"pull:{self.seed}:{self.name}:{article.id}")
        if topic is not None and shown.topic is not None and chance.random() < self.pull:
            topic = shown.topic
        if chosen is not None and shown.topics is not None and chance.random() < self.pull:
            chosen = tuple(sorted(said.name for said in shown.topics))
        if spans is not None and shown.spans is not None:
            spans = self._pulled(spans, [span.span() for span in shown.spans], chance)
        return SimulatedAnswer(topic, spans, chosen)

    def _pulled(
        self, own: Sequence[Span], shown: Sequence[Span], chance: random.Random
    ) -> tuple[Span, ...]:
        taken = [span for span in shown if chance.random() < self.pull]
        kept = [
            span
            for span in own
            if not span.touches(taken) and (span.touches(shown) or chance.random() >= self.pull)
        ]
        return tuple(sorted([*taken, *kept]))

    def _topic(self, article: Article, topics: Sequence[str], dice: random.Random) -> str:
        if article.topic is None:
            raise _unlabelled(article, "topic")
        wrong = [topic for topic in topics if topic != article.topic]
        return dice.choice(wrong) if dice.random() < self.topic_noise else article.topic

    def _topics(
        self, article: Article, topics: Sequence[str], dice: random.Random
    ) -> tuple[str, ...]:
        kept = set()
        for topic in article.topics or ():
            if dice.random() >= self.topic_noise:
                kept.add(topic)
            elif dice.random() < 0.5:
                kept.add(dice.choice([other for other in topics if other != topic]))
        return tuple(sorted(kept))

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
        chosen = chosen_topics(article)
        if topics and (chosen is None or not (chosen or spans)):
            raise _unlabelled(article, "topic")
        if spans and article.spans is None:
            raise _unlabelled(article, "spans")


def _unlabelled(article: Article, what: str) -> DeskError:
    return DeskError(
        f"Article {article.id} ({article.text[:40]!r}…) has no {what} of its source to simulate an "
        "answer from.",
        "Map the labels in source.columns, or leave out --simulate and review in Argilla.",
    )
