"""Answers beside what the model said about the article, shown to the annotator or hidden."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.articles import Prediction, ScoredSpan, Span, chosen_topics
from corpus.ledger_rows import LedgerEntry
from corpus.suggestions.hidden import Hidden, hidden_at


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was said of an article, and what one answer made of it.

    ``agent`` said it, with ``score`` (nan where it gave none). ``shown``: to the annotator, else
    hidden (blind). ``count``: of a topic or a span 1 if the answer holds exactly it, else 0; of
    missed spans how many the answer holds that touch nothing that was said.
    """

    article: str
    agent: str
    score: float
    shown: bool
    count: int


@dataclass(frozen=True, slots=True)
class Arrays:
    """Cases as arrays, an element each; ``articles`` are numbers of articles in order of id."""

    articles: np.ndarray
    agents: np.ndarray
    scores: np.ndarray
    shown: np.ndarray
    counts: np.ndarray


def to_arrays(cases: Sequence[Case]) -> Arrays:
    """As arrays; the order of the cases does not matter to what is computed from them."""
    ids = sorted({case.article for case in cases})
    return Arrays(
        articles=np.array([bisect_left(ids, case.article) for case in cases], dtype=int),
        agents=np.array([case.agent for case in cases], dtype=object),
        scores=np.array([case.score for case in cases], dtype=float),
        shown=np.array([case.shown for case in cases], dtype=bool),
        counts=np.array([case.count for case in cases], dtype=float),
    )


def topic_cases(entries: Sequence[LedgerEntry], hidden: Hidden) -> list[Case]:
    """One for each answer to an article of which a model said a topic; of several topics, one for
    each of them.
    """
    return [
        Case(
            entry.response.article_id,
            said.topic_agent,
            float("nan") if topic.score is None else topic.score,
            not entry.blind,
            int(topic.name in own),
        )
        for entry, said in _answered(entries, hidden)
        for own in [chosen_topics(entry.response)]
        for topic in said.said_topics() or ()
        if own is not None
    ]


def span_cases(entries: Sequence[LedgerEntry], hidden: Hidden) -> list[Case]:
    """One for each span that a model said and each answer to its article."""
    return [
        Case(
            entry.response.article_id,
            said.spans_agent,
            span.score,
            not entry.blind,
            int(span.span() in own),
        )
        for entry, said in _answered(entries, hidden)
        for own in [frozenset(entry.response.spans or ())]
        for span in said.spans or ()
    ]


def missed_cases(entries: Sequence[LedgerEntry], hidden: Hidden) -> list[Case]:
    """One for each answer to an article whose spans a model said, were it none."""
    return [
        Case(
            entry.response.article_id,
            said.spans_agent,
            len(said.spans),
            not entry.blind,
            _untouched(set(entry.response.spans), said.spans),
        )
        for entry, said in _answered(entries, hidden)
        if said.spans is not None and entry.response.spans is not None
    ]


def _untouched(own: Iterable[Span], said: Sequence[ScoredSpan]) -> int:
    spans = [span.span() for span in said]
    return sum(not span.touches(spans) for span in own)


def _answered(
    entries: Sequence[LedgerEntry], hidden: Hidden
) -> Iterator[tuple[LedgerEntry, Prediction]]:
    for entry in entries:
        said = _said(entry, hidden)
        if said is not None:
            yield entry, said


def _said(entry: LedgerEntry, hidden: Hidden) -> Prediction | None:
    article = entry.response.article_id
    if entry.blind:
        return hidden_at(hidden.get(article, ()), entry.answered_at)
    return entry.shown()
