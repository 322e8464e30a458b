"""Ledger → gold: what is reviewed, what is not, and what the answers say about the work."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from corpus.agreement import Agreement, measure_agreement
from corpus.articles import Article, ReviewedArticle, Split, chosen_topics
from corpus.desk import Desk
from corpus.desk_rule import by_article, resolve_entries
from corpus.instruct.opinions import Correction
from corpus.ledger_rows import LedgerEntry
from corpus.resolve import Resolution
from corpus.splits import SplitAssignment, assign_splits
from corpus.statements import StatementKey, current_statements
from corpus.unknown_labels import refuse_several_topics, refuse_unknown_labels
from corpus.votes.decided import TIE


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Suggestions that were shown with an answer, and how many of them the answer kept.

    A topic counts once an answer; spans, and several topics, are counted one by one.
    """

    topics_shown: int
    topics_accepted: int
    spans_shown: int
    spans_accepted: int


@dataclass(frozen=True, slots=True)
class Gold:
    """The state of the review. ``reviewed`` has a split each, ordered by article id.

    ``unresolved`` counts reviewed articles with a tied question, ``waiting`` articles with
    fewer answers than ``review.min_submitted``, ``quarantined`` names near-duplicates that
    would stand in two splits and are left out. ``simulated`` counts the answers of simulated
    reviewers; ``guidelines`` are the revisions annotators read, in the order of first use, and
    ``agents`` are those whose suggestions they saw. ``corrected`` are right answers to articles
    that are not resolved here, from people who corrected what an instruction model wrote.
    """

    reviewed: tuple[ReviewedArticle, ...]
    waiting: int
    unresolved: int
    quarantined: tuple[str, ...]
    answers: int
    simulated: int
    guidelines: tuple[str, ...]
    agents: tuple[str, ...]
    annotators: int
    agreement: Agreement
    acceptance: Acceptance
    rules: dict[str, int]
    answered_until: str
    corrected: tuple[Correction, ...] = ()


def build_gold(
    desk: Desk,
    articles: Mapping[str, Article],
    entries: Iterable[LedgerEntry],
    known_splits: Mapping[str, Split],
    simulated: Collection[StatementKey] = frozenset(),
    beside: Sequence[Article] = (),
    adjudicators: Collection[str] = (),
) -> Gold:
    """Resolve the answers that count now by ``review.rule`` and give each reviewed article its
    split. Answers of ``adjudicators`` (names in the ledger) win over all others; since they saw
    what was answered, they make no article ready, and no figure of the work counts them.

    ``beside`` are articles with a split in ``known_splits`` that models learned from although they
    are not reviewed here: what resembles one of them joins its split.

    Raises DeskError for answers with labels that the desk does not have, or with several topics
    where it asks for one.
    """
    given = [e for e in current_statements(entries).values() if e.status == "submitted"]
    refuse_several_topics(desk, given)
    final = by_article(e for e in given if e.response.annotator in adjudicators)
    submitted = [e for e in given if e.response.annotator not in adjudicators]
    groups = by_article(submitted)
    ready = _ready(desk, groups)
    chosen = _assigned(desk, [articles[i] for i in sorted(ready)], ready, known_splits, beside)
    weighed = {i: [*group, *final.get(i, ())] for i, group in ready.items()}
    decided = resolve_entries(desk, weighed, adjudicators)
    split_ids = [i for i in sorted(chosen.splits) if i in ready]
    reviewed = tuple(
        _reviewed(articles[i], decided[i], ready[i][0].blind, chosen.splits[i]) for i in split_ids
    )
    refuse_unknown_labels(desk, reviewed)
    submitted.sort(key=lambda entry: entry.response.answered_at)
    return Gold(
        reviewed=reviewed,
        waiting=len(groups) - len(ready),
        unresolved=sum(r.rule == TIE for r in reviewed),
        quarantined=chosen.quarantined,
        answers=len(submitted),
        simulated=sum(entry.key in simulated for entry in submitted),
        guidelines=tuple(dict.fromkeys(entry.guidelines for entry in submitted)),
        agents=tuple(sorted({a for e in submitted for a in _agents(e)})),
        annotators=len({e.response.annotator for e in submitted}),
        agreement=measure_agreement([[e.response for e in g] for g in groups.values()]),
        acceptance=measure_acceptance(submitted),
        rules=dict(sorted(Counter(r.rule for r in reviewed).items())),
        answered_until=max((e.response.answered_at.isoformat() for e in given), default=""),
    )


def left_by_annotators(
    desk: Desk, gold: Gold, entries: Iterable[LedgerEntry]
) -> list[ReviewedArticle]:
    """The articles of ``gold`` as answers that no adjudicator gave decide them."""
    given = [e for e in current_statements(entries).values() if e.status == "submitted"]
    decided = resolve_entries(desk, _ready(desk, by_article(given)), ())
    return [
        replace(r, topic=found.topic, topics=found.topics, spans=found.spans, rule=found.rule)
        for r in gold.reviewed
        for found in [decided[r.article.id]]
    ]


def measure_acceptance(entries: Sequence[LedgerEntry]) -> Acceptance:
    """Count suggestions that the submitted answer holds; a span must have kept start, end, type,
    and of several topics each counts by itself.
    """
    topics = [
        (topic.name, set(chosen_topics(e.response) or ()))
        for e in entries
        for topic in e.shown().said_topics() or ()
    ]
    spans = [
        (span.span(), set(e.response.spans or ()))
        for e in entries
        for span in e.suggested_spans or ()
    ]
    return Acceptance(
        topics_shown=len(topics),
        topics_accepted=sum(topic in answer for topic, answer in topics),
        spans_shown=len(spans),
        spans_accepted=sum(span in answer for span, answer in spans),
    )


def _ready(desk: Desk, groups: Mapping[str, list[LedgerEntry]]) -> dict[str, list[LedgerEntry]]:
    """Those with enough answers."""
    return {i: group for i, group in groups.items() if len(group) >= desk.review.min_submitted}


def _assigned(
    desk: Desk,
    articles: Sequence[Article],
    ready: Mapping[str, Sequence[LedgerEntry]],
    known_splits: Mapping[str, Split],
    beside: Sequence[Article],
) -> SplitAssignment:
    """The split of each of these, and of what stands beside them."""
    blind = {identifier: group[0].blind for identifier, group in ready.items()}
    known = [*articles, *(a for a in beside if a.id not in ready)]
    return assign_splits(known, blind, known_splits, desk.splits, desk.review.blind_share)


def _agents(entry: LedgerEntry) -> list[str]:
    return [agent for agent in (entry.topic_agent, entry.spans_agent) if agent]


def _reviewed(article: Article, r: Resolution, blind: bool, split: Split) -> ReviewedArticle:
    return ReviewedArticle(
        article,
        r.topic,
        r.spans,
        r.rule,
        r.answers,
        round(r.agreement, 4),
        blind,
        split,
        r.topics,
    )
