"""What annotators answered to the questions that a desk asks besides (``review.also_ask``)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from corpus.articles import Article
from corpus.intervals import Interval
from corpus.ledger_rows import LedgerEntry
from corpus.report.discards import short_title
from corpus.report.material import Material
from corpus.settings.questions import AlsoAsked, RatingAsked
from corpus.suggestions.acceptance import mean_of_articles

LISTED_TEXTS = 50


@dataclass(frozen=True, slots=True)
class RatedBy:
    """What one annotator's ratings are on average; no mean of fewer than five articles."""

    name: str
    answers: int
    mean: Interval | None


@dataclass(frozen=True, slots=True)
class Rating:
    """How often this number was given."""

    value: int
    answers: int


@dataclass(frozen=True, slots=True)
class Written:
    """A text, and the article it was written to."""

    article_id: str
    article: str
    annotator: str
    discarded: bool
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. ``answers`` are those of answers and discards that count now, of ``given``.

    A rating has ``mean``, ``ratings`` and ``annotators``; a text has ``texts``, the latest first.
    """

    name: str
    title: str
    answers: int
    given: int
    mean: Interval | None = None
    ratings: tuple[Rating, ...] = ()
    annotators: tuple[RatedBy, ...] = ()
    texts: tuple[Written, ...] = ()


def measure_asked(
    material: Material, questions: Mapping[str, AlsoAsked], seed: int
) -> tuple[Asked, ...]:
    """Of each question, in the desk's order."""
    entries = [*material.submitted, *material.discarded]
    return tuple(_asked(material, n, asked, entries, seed) for n, asked in questions.items())


def _asked(
    material: Material, name: str, question: AlsoAsked, entries: list[LedgerEntry], seed: int
) -> Asked:
    said = [(e, value) for e in entries for asked, value in e.response.also if asked == name]
    # A question may have had another type under the same name, in another data set.
    if isinstance(question, RatingAsked):
        rated = [(e, value) for e, value in said if isinstance(value, int)]
        counts = Counter(value for _, value in rated)
        return Asked(
            name=name,
            title=question.title,
            answers=len(rated),
            given=len(entries),
            mean=_mean(rated, seed),
            ratings=tuple(Rating(v, counts[v]) for v in sorted({*question.values, *counts})),
            annotators=_by_annotator(rated, seed),
        )
    texts = [(e, value) for e, value in said if isinstance(value, str)]
    texts.sort(key=lambda pair: (pair[0].answered_at, pair[0].key), reverse=True)
    shown = [_written(e, text, material.articles) for e, text in texts[:LISTED_TEXTS]]
    return Asked(name, question.title, len(texts), len(entries), texts=tuple(shown))


def _mean(rated: list[tuple[LedgerEntry, int]], seed: int) -> Interval | None:
    articles = np.array([e.response.article_id for e, _ in rated], dtype=object)
    return mean_of_articles(articles, np.array([value for _, value in rated], dtype=float), seed)


def _by_annotator(rated: list[tuple[LedgerEntry, int]], seed: int) -> tuple[RatedBy, ...]:
    names = sorted({e.response.annotator for e, _ in rated})
    groups = {name: [(e, v) for e, v in rated if e.response.annotator == name] for name in names}
    return tuple(RatedBy(n, len(group), _mean(group, seed)) for n, group in groups.items())


def _written(entry: LedgerEntry, text: str, articles: Mapping[str, Article]) -> Written:
    identifier = entry.response.article_id
    return Written(
        article_id=identifier,
        article=short_title(articles.get(identifier, Article(identifier, ""))),
        annotator=entry.response.annotator,
        discarded=entry.status == "discarded",
        text=text.strip(),
    )
