"""A made-up review whose pull is known: articles, a predictor that errs, simulated reviewers."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from corpus.articles import Article, Prediction, Response, ScoredSpan, Span
from corpus.ledger_rows import LedgerEntry
from corpus.simulation import SimulatedReviewer
from corpus.splits import is_blind
from corpus.suggestions.hidden import HiddenPrediction

TOPICS = ["World", "Sports", "Business", "Sci/Tech"]
TYPES = ["person", "organization", "location"]
BEGUN = datetime(2031, 5, 1, 8, tzinfo=UTC)
WIDTH = 10


@dataclass(frozen=True, slots=True)
class MadeUpReview:
    """What a ledger would hold of it."""

    entries: list[LedgerEntry]
    hidden: dict[str, list[HiddenPrediction]]


@dataclass(frozen=True, slots=True)
class Round:
    """``accuracy`` of the model that suggests: of topics, and of each span to be found."""

    articles: int
    accuracy: float
    agent: str


def make_review(
    pull: float, rounds: Sequence[Round], seed: int, blind_share: float = 0.15, reviewers: int = 3
) -> MadeUpReview:
    """Every reviewer answers every article; hidden predictions are made just before."""
    people = [SimulatedReviewer(f"r{n}", 0.08, 0.1, seed, pull) for n in range(reviewers)]
    entries: list[LedgerEntry] = []
    hidden: dict[str, list[HiddenPrediction]] = {}
    for number, part in enumerate(rounds):
        for place in range(part.articles):
            dice = random.Random(f"{seed}:{number}:{place}")
            article = _article(f"{seed}-{number}-{place:04d}", dice)
            said = _predict(article, part, dice)
            blind = is_blind(article.id, blind_share, 13)
            if blind:
                hidden[article.id] = [HiddenPrediction(said, BEGUN)]
            entries += [_entry(person, article, said, blind) for person in people]
    return MadeUpReview(entries, hidden)


def _article(identifier: str, dice: random.Random) -> Article:
    """Up to seven mentions, a word each; long articles have more of them."""
    mentions = dice.randint(0, 7)
    spans = tuple(Span(WIDTH * n, WIDTH * n + 6, dice.choice(TYPES)) for n in range(mentions))
    return Article(
        identifier, "mention   " * mentions + "end", topic=dice.choice(TOPICS), spans=spans
    )


def _predict(article: Article, part: Round, dice: random.Random) -> Prediction:
    """Right more often where the score is high, as of a calibrated model."""
    score = min(0.99, max(0.3, dice.gauss(part.accuracy, 0.15)))
    wrong = [topic for topic in TOPICS if topic != article.topic]
    topic = article.topic if dice.random() < score else dice.choice(wrong)
    spans = [found for span in article.spans or () for found in _found(span, part.accuracy, dice)]
    return Prediction(
        article.id, topic, round(score, 4), part.agent, tuple(spans), f"{part.agent}-entities"
    )


def _found(span: Span, accuracy: float, dice: random.Random) -> list[ScoredSpan]:
    """The span, or nothing, or another type or end, or one that is not there."""
    score = min(0.99, max(0.3, dice.gauss(accuracy, 0.15)))
    if dice.random() < score:
        return [ScoredSpan(span.start, span.end, span.label, score)]
    kind = dice.random()
    if kind < 0.4:
        return []
    if kind < 0.6:
        return [ScoredSpan(span.start, span.end - 2, span.label, score)]
    if kind < 0.8:
        return [ScoredSpan(span.start + 7, span.start + 9, span.label, score)]
    other = [label for label in TYPES if label != span.label]
    return [ScoredSpan(span.start, span.end, dice.choice(other), score)]


def _entry(
    person: SimulatedReviewer, article: Article, said: Prediction, blind: bool
) -> LedgerEntry:
    answer = person.answer(article, TOPICS, TYPES, None if blind else said)
    at = BEGUN + timedelta(seconds=1)
    response = Response(article.id, person.name, "submitted", answer.topic, answer.spans, at)
    entry = LedgerEntry(response, "g1", blind)
    if blind:
        return entry
    return replace(
        entry,
        suggested_topic=said.topic,
        suggested_topic_score=said.topic_score,
        topic_agent=said.topic_agent,
        suggested_spans=said.spans,
        spans_agent=said.spans_agent,
    )
