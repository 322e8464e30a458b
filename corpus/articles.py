"""The types an article passes through: Article → Prediction → Response → ReviewedArticle.

Offsets are Unicode code points, half-open: ``text[span.start:span.end]`` is the mention.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Split = Literal["train", "validation", "test"]
Status = Literal["submitted", "discarded", "draft", "deleted"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A mention: code points ``start`` to ``end`` (exclusive) and the entity type ``label``."""

    start: int
    end: int
    label: str

    def touches(self, others: Iterable["Span"]) -> bool:
        """Whether it has a code point in common with one of them."""
        return any(self.start < other.end and other.start < self.end for other in others)


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """A predicted mention with the model's probability in [0, 1]."""

    start: int
    end: int
    label: str
    score: float

    def span(self) -> Span:
        """The mention without its score."""
        return Span(self.start, self.end, self.label)


@dataclass(frozen=True, slots=True)
class ScoredTopic:
    """One of several predicted topics; ``score`` in [0, 1] is None where nobody gave one."""

    name: str
    score: float | None


class HasTopics(Protocol):
    """Whatever has one topic (``topic``), or any number of them (``topics``), or neither.

    Which of the two is asked for is the desk's: see ``labels.several_topics``. None says nothing,
    an empty tuple says that there is none.
    """

    @property
    def topic(self) -> str | None: ...

    @property
    def topics(self) -> tuple[str, ...] | None: ...


def chosen_topics(of: HasTopics) -> tuple[str, ...] | None:
    """Its topics, however many the desk asks for; None where it says nothing."""
    return of.topics if of.topic is None else (of.topic,)


def gold_topics(of: HasTopics) -> str | list[str] | None:
    """The one topic, or the list of several, as hashes, pairs and rows of predictions hold it."""
    return of.topic if of.topics is None else list(of.topics)


@dataclass(frozen=True, slots=True)
class Article:
    """One text of a source, as read. ``topic`` and ``spans`` are the source's own labels, if any.

    ``topics`` stands in the place of ``topic`` where the desk asks for several.
    ``source_split`` is the split the source gave it ("train", "test", …) or None; ``license`` is
    what the source says may be done with it, empty where it says nothing.
    """

    id: str
    text: str
    title: str = ""
    source: str = ""
    published_at: str = ""
    topic: str | None = None
    spans: tuple[Span, ...] | None = None
    source_split: str | None = None
    license: str = ""
    topics: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model (or the source's labels) says about one article.

    The agents name who says it: ``repo_id:revision`` for a published model.
    None for ``topic`` or ``spans`` means "says nothing", an empty tuple "says there is none".
    ``topics`` stand in the place of ``topic`` where a desk asks for several, most probable first;
    ``uncertainty`` in [0, 1] is then that of the topic nearest to a coin's toss, said or not.
    """

    article_id: str
    topic: str | None = None
    topic_score: float | None = None
    topic_agent: str = ""
    spans: tuple[ScoredSpan, ...] | None = None
    spans_agent: str = ""
    topics: tuple[ScoredTopic, ...] | None = None
    uncertainty: float | None = None

    def said_topics(self) -> tuple[ScoredTopic, ...] | None:
        """Its topics, however many the desk asks for; None where it says nothing."""
        if self.topic is None:
            return self.topics
        return (ScoredTopic(self.topic, self.topic_score),)


@dataclass(frozen=True, slots=True)
class Response:
    """One annotator's answer to one record; ``annotator`` is a pseudonym.

    ``topic`` and ``spans`` are None where the annotator gave no answer (a discard, a draft).
    ``topics``, sorted, stand in the place of ``topic`` where the desk asks for several. ``also``
    holds question and answer of what the desk asks besides, by name, also of a discard: there it
    may say why.
    """

    article_id: str
    annotator: str
    status: Status
    topic: str | None
    spans: tuple[Span, ...] | None
    answered_at: datetime
    topics: tuple[str, ...] | None = None
    also: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewedArticle:
    """An article with gold labels and the rule that decided them.

    ``topic``/``spans`` are None where the rule left the question unresolved.
    ``agreement`` is the share of answers equal to the gold, the mean over the questions
    (1.0 = unanimous). ``blind`` says that annotators saw no suggestion. ``topics``, sorted, stand
    in the place of ``topic`` where the desk asks for several.
    """

    article: Article
    topic: str | None
    spans: tuple[Span, ...] | None
    rule: str
    answers: int
    agreement: float
    blind: bool
    split: Split
    topics: tuple[str, ...] | None = None


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """The longest of overlapping spans, then the first; in text order."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start)):
        at = bisect_left(kept, span)
        is_free = at == 0 or kept[at - 1].end <= span.start
        if is_free and (at == len(kept) or span.end <= kept[at].start):
            kept.insert(at, span)
    return kept


def content_id(text: str, title: str = "") -> str:
    """A stable id of the content: the first 16 hex digits of sha256 over title and text."""
    digest = hashlib.sha256(f"{title}\n{text}".encode())
    return digest.hexdigest()[:16]


def model_input(article: Article) -> str:
    """The text a topic model reads: the title, where there is one, above the body."""
    return f"{article.title}\n{article.text}" if article.title else article.text
