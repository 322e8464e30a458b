"""What a review leaves open, as adjudicators get it: counted, without names.

Open is an article with a question whose answers tie by ``review.rule``. What adjudicators decide
stands in a ledger beside the desk's, so that their answers are never taken for independent ones.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from corpus.articles import (
    Article,
    Prediction,
    ReviewedArticle,
    ScoredSpan,
    ScoredTopic,
    Span,
    chosen_topics,
)
from corpus.desk import ADJUDICATION_SUFFIX, Desk
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from corpus.settings.labels import LabelSettings
from corpus.splits import unit_hash
from corpus.statements import current_statements
from corpus.votes.decided import TIE
from corpus.votes.sets import overlap

# Who suggests to adjudicators.
AGENT = "most-frequent"


@dataclass(frozen=True, slots=True)
class Tally:
    """The answers to an open article. ``topics`` and ``marks`` count the answers that have them,
    of ``chose`` that chose a topic and ``looked`` that looked for entities.

    ``topic`` (of several: ``decided_topics``) and ``spans`` are what is decided already; None is
    open, or was not asked. ``several``: answers are sets of topics. ``overlaps``: marks of one
    answer may overlap.
    """

    article: Article
    blind: bool
    chose: int
    looked: int
    topics: Mapping[str, int]
    marks: Mapping[Span, int]
    topic: str | None
    spans: tuple[Span, ...] | None
    several: bool = False
    overlaps: bool = False
    decided_topics: tuple[str, ...] | None = None

    @property
    def topic_is_open(self) -> bool:
        """Whether adjudicators are asked for topics."""
        return bool(self.chose) and self.topic is None and self.decided_topics is None


def adjudication_ledger(ledger: Ledger) -> Ledger:
    """Where adjudicators' answers stand; no folder is made by asking."""
    return ledger.beside(ADJUDICATION_SUFFIX)


def adjudicating(desk: Desk) -> Desk:
    """The desk as adjudicators know it. Under this name a person who adjudicates has another
    pseudonym than as an annotator, and an answer to the desk is never taken for a decision.
    """
    return desk.model_copy(update={"name": f"{desk.name}{ADJUDICATION_SUFFIX}"})


def adjudicators_of(entries: Iterable[LedgerEntry]) -> frozenset[str]:
    """Everybody who ever adjudicated, by the names in that ledger."""
    return frozenset(entry.response.annotator for entry in entries)


def open_tallies(
    reviewed: Iterable[ReviewedArticle], entries: Iterable[LedgerEntry], labels: LabelSettings
) -> dict[str, Tally]:
    """Article id → tally of each tied article; ``reviewed`` as annotators alone leave it."""
    tied = {r.article.id: r for r in reviewed if r.rule == TIE}
    given: dict[str, list[LedgerEntry]] = {identifier: [] for identifier in tied}
    for entry in current_statements(entries).values():
        if entry.status == "submitted" and entry.response.article_id in tied:
            given[entry.response.article_id].append(entry)
    return {i: _tally(r, given[i], labels) for i, r in tied.items()}


def most_frequent(tally: Tally) -> Prediction:
    """What is suggested to adjudicators: what is decided, else what most answers have.

    Of topics with equal votes one is drawn by lot, always the same for an article: by name, some
    labels would be suggested more often than others. Of marks those that at least half of the
    answers have; of overlapping ones, unless they may overlap, the most frequent, then the longest,
    then the first. Of several topics those that more than half of the answers have: a tied one is
    the adjudicator's to choose, and Enter on what is suggested must not decide for it.
    """
    topic = None if tally.several else tally.topic or _by_lot(tally)
    spans = tally.spans if tally.spans is not None else _at_least_half(tally)
    return Prediction(
        article_id=tally.article.id,
        topic=topic,
        topic_score=round(tally.topics.get(topic, 0) / tally.chose, 4) if topic else None,
        topic_agent=AGENT,
        spans=tuple(_scored(tally, span) for span in spans) if tally.looked else None,
        spans_agent=AGENT,
        topics=_most_frequent_topics(tally) if tally.several else None,
    )


def _tally(
    reviewed: ReviewedArticle, entries: Collection[LedgerEntry], labels: LabelSettings
) -> Tally:
    answers = [entry.response for entry in entries]
    chosen = [some for a in answers if (some := chosen_topics(a)) is not None]
    topics = Counter(topic for some in chosen for topic in some)
    looked = [set(a.spans) for a in answers if a.spans is not None]
    return Tally(
        article=reviewed.article,
        blind=reviewed.blind,
        chose=len(chosen),
        looked=len(looked),
        topics=dict(sorted(topics.items(), key=lambda item: (-item[1], item[0]))),
        marks=dict(sorted(Counter(span for marks in looked for span in marks).items())),
        topic=reviewed.topic,
        spans=reviewed.spans,
        several=labels.several_topics,
        overlaps=labels.overlapping,
        decided_topics=reviewed.topics,
    )


def _by_lot(tally: Tally) -> str | None:
    most = max(tally.topics.values(), default=0)
    first = [topic for topic, votes in tally.topics.items() if votes == most]
    return min(first, key=lambda t: (unit_hash(f"{tally.article.id}:{t}"), t), default=None)


def _most_frequent_topics(tally: Tally) -> tuple[ScoredTopic, ...]:
    decided = tally.decided_topics
    if decided is None:
        decided = tuple(t for t, votes in tally.topics.items() if 2 * votes > tally.chose)
    shares = {t: round(tally.topics.get(t, 0) / tally.chose, 4) for t in decided}
    return tuple(ScoredTopic(t, shares[t]) for t in sorted(decided, key=lambda t: (-shares[t], t)))


def _at_least_half(tally: Tally) -> tuple[Span, ...]:
    kept: list[Span] = []
    frequent = [span for span, votes in tally.marks.items() if 2 * votes >= tally.looked]
    for span in sorted(frequent, key=lambda s: (-tally.marks[s], s.start - s.end, s.start)):
        if tally.overlaps or not any(overlap(span, other) for other in kept):
            kept.append(span)
    return tuple(sorted(kept))


def _scored(tally: Tally, span: Span) -> ScoredSpan:
    share = tally.marks.get(span, 0) / tally.looked
    return ScoredSpan(span.start, span.end, span.label, round(share, 4))
