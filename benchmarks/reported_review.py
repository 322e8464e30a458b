"""A made-up review for the annotator report: people with known noise and pace, new guidelines."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from corpus.articles import Article, Prediction, Response, ScoredSpan, Span
from corpus.ledger_rows import LedgerEntry
from corpus.report.material import Material, gather
from corpus.simulation import SimulatedReviewer
from corpus.splits import is_blind
from corpus.suggestions.hidden import HiddenPrediction

BEGUN = datetime(2031, 5, 5, 8, tzinfo=UTC)
OLD, NEW = "1f0c5a9e3b7d", "8a64d2f01c3e"
TEXTS = {
    OLD: "Choose the topic an article is mainly about.\nMark every name.",
    NEW: "Choose the topic an article is mainly about.\nA club that is sold is Business, a club "
    "that plays is Sports.\nMark every name, without title.",
}
RIGHT = 0.85
LONG_CHARACTERS = 420


@dataclass(frozen=True, slots=True)
class Person:
    """Noise before and after the new guidelines; median seconds an answer; share discarded, of
    long articles four times that.
    """

    name: str
    noise: tuple[float, float]
    seconds: float
    discards: float = 0.0


TEAM = (
    Person("annotator-0a1b2c3d", (0.10, 0.03), 24, 0.01),
    Person("annotator-4e5f6a7b", (0.16, 0.04), 38, 0.03),
    Person("annotator-8c9d0e1f", (0.22, 0.06), 17, 0.02),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the desk asks, of which articles, on how many working days, and how far suggestions
    pull.
    """

    articles: Sequence[Article]
    topics: Sequence[str]
    types: Sequence[str]
    days: int = 12
    seed: int = 1
    pull: float = 0.2


def make_reported(
    asked: Asked,
    team: Sequence[Person] = TEAM,
    records: int | None = None,
) -> Material:
    """Everybody answers every article; the guidelines change after half of them.

    Of names of several words some are marked without the first. A model is right in 85 of 100
    topics and finds as many of the spans; a fifth of the articles is blind.
    """
    said = {a.id: _said(a, asked) for a in asked.articles}
    statements = [entry for person in team for entry in _statements(person, asked, said)]
    blind = sorted({e.response.article_id for e in statements if e.blind})
    hidden = {i: [HiddenPrediction(said[i], BEGUN)] for i in blind}
    articles = {a.id: a for a in asked.articles}
    return gather(statements, articles, hidden=hidden, guidelines=TEXTS, records=records)


def _said(article: Article, asked: Asked) -> Prediction:
    dice = random.Random(f"{asked.seed}:{article.id}")
    is_right = dice.random() < RIGHT or not asked.topics
    topic = article.topic if is_right else dice.choice(asked.topics)
    score = 0.6 + 0.39 * dice.random()
    found = [s for s in article.spans or () if dice.random() < RIGHT]
    spans = tuple(ScoredSpan(s.start, s.end, s.label, score) for s in found)
    if not asked.topics:
        return Prediction(article.id, spans=spans, spans_agent="desk/entities:1")
    return Prediction(article.id, topic, score, "desk/topics:1", spans, "desk/entities:1")


def _statements(person: Person, asked: Asked, said: dict[str, Prediction]) -> Iterator[LedgerEntry]:
    dice = random.Random(f"{asked.seed}:{person.name}")
    total, today, at = len(asked.articles), -1, BEGUN
    for place, article in enumerate(asked.articles):
        if place * asked.days // total != today:
            today = place * asked.days // total
            # Five days a week.
            at = BEGUN + timedelta(days=today + 2 * (today // 5), seconds=dice.randint(0, 900))
        at += timedelta(seconds=person.seconds * dice.lognormvariate(0, 0.5))
        is_new = place >= total / 2
        is_long = len(article.text) > LONG_CHARACTERS
        if dice.random() < person.discards * (4 if is_long else 1):
            gone = Response(article.id, person.name, "discarded", None, None, at)
            yield LedgerEntry(gone, NEW if is_new else OLD, is_blind(article.id, 0.2, 13))
        else:
            yield _answer(person, article, asked, said[article.id], (is_new, at))


def _answer(
    person: Person,
    article: Article,
    asked: Asked,
    said: Prediction,
    when: tuple[bool, datetime],
) -> LedgerEntry:
    is_new, at = when
    noise, blind = person.noise[is_new], is_blind(article.id, 0.2, 13)
    dice = random.Random(f"{asked.seed}:{person.name}:{article.id}")
    reviewer = SimulatedReviewer(person.name, noise, noise, asked.seed, asked.pull)
    given = reviewer.answer(article, asked.topics, asked.types, None if blind else said)
    spans = tuple(_cut(span, article.text, noise / 2, dice) for span in given.spans or ())
    response = Response(article.id, person.name, "submitted", given.topic, spans, at)
    guidelines = NEW if is_new else OLD
    if blind:
        return LedgerEntry(response, guidelines, True)
    return LedgerEntry(
        response,
        guidelines,
        False,
        said.topic,
        said.topic_score,
        said.topic_agent,
        said.spans,
        said.spans_agent,
    )


def _cut(span: Span, text: str, noise: float, dice: random.Random) -> Span:
    blank = text.find(" ", span.start, span.end)
    return span if blank < 0 or dice.random() >= noise else replace(span, start=blank + 1)
