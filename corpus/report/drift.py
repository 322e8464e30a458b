"""What changed with the guidelines.

Answers before and after a change are of other articles and other days, and perhaps other people: a
difference says that something changed since, not that the guidelines did it. An answer stands under
the revision that Argilla showed when it was pulled.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.agreement import agreement_intervals
from corpus.articles import chosen_topics
from corpus.intervals import Interval
from corpus.ledger_rows import LedgerEntry
from corpus.report.before_after import compare_ratios, marks_given, span_pairs, topic_pairs
from corpus.report.material import Material
from corpus.report.progress import day_of
from corpus.report.shares import Difference, Given, compare_shares, count_given

DIFF_LINES = 40


@dataclass(frozen=True, slots=True)
class Revision:
    """Guidelines that were read; agreement is of answers that were all given under them."""

    revision: str
    first_day: str
    last_day: str
    answers: int
    articles: int
    compared: int
    topic_percent: Interval | None
    topic_alpha: Interval | None
    span_f1: Interval | None


@dataclass(frozen=True, slots=True)
class Change:
    """From one revision to the next. ``lines`` of their texts that were taken out and put in, as
    ``difflib`` writes them; empty where a text is not known.
    """

    before: str
    after: str
    day: str
    lines: tuple[str, ...]
    agreement: tuple[Difference, ...]
    topics: tuple[Difference, ...]
    types: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """Revisions and changes in the order of first use."""

    revisions: tuple[Revision, ...]
    changes: tuple[Change, ...]


def measure_drift(
    material: Material, topics: Sequence[str], types: Sequence[str], seed: int
) -> Drift:
    """``topics`` and ``types`` are all that were ever given, in order; empty: not asked."""
    groups: dict[str, list[LedgerEntry]] = {}
    for entry in sorted(material.submitted, key=lambda e: (e.answered_at, e.key)):
        groups.setdefault(entry.guidelines, []).append(entry)
    return Drift(
        tuple(_revision(name, group, seed) for name, group in groups.items()),
        tuple(
            _change(groups[a], groups[b], material.guidelines, (topics, types), seed)
            for a, b in pairwise(groups)
        ),
    )


def topics_given(entries: Sequence[LedgerEntry]) -> Given:
    """Article and topic of each answer that has one; of several topics each."""
    return [
        (e.response.article_id, topic) for e in entries for topic in chosen_topics(e.response) or ()
    ]


def types_given(entries: Sequence[LedgerEntry]) -> Given:
    """Article and entity type of each mark."""
    return [(e.response.article_id, s.label) for e in entries for s in e.response.spans or ()]


def changed_lines(texts: Mapping[str, str], before: str, after: str) -> tuple[str, ...]:
    """At most ``DIFF_LINES`` lines that begin with "- " (taken out) or "+ " (put in)."""
    if before not in texts or after not in texts:
        return ()
    lines = difflib.ndiff(texts[before].splitlines(), texts[after].splitlines())
    return tuple(line for line in lines if line[:2] in ("- ", "+ "))[:DIFF_LINES]


def _revision(name: str, entries: Sequence[LedgerEntry], seed: int) -> Revision:
    articles: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        articles.setdefault(entry.response.article_id, []).append(entry)
    ordered = [[e.response for e in articles[i]] for i in sorted(articles)]
    found = agreement_intervals(ordered, seed)
    return Revision(
        revision=name,
        first_day=day_of(entries[0].answered_at),
        last_day=day_of(entries[-1].answered_at),
        answers=len(entries),
        articles=len(articles),
        compared=found.records,
        topic_percent=found.topic_percent,
        topic_alpha=found.topic_alpha,
        span_f1=found.span_f1,
    )


def _change(
    before: Sequence[LedgerEntry],
    after: Sequence[LedgerEntry],
    texts: Mapping[str, str],
    labels: tuple[Sequence[str], Sequence[str]],
    seed: int,
) -> Change:
    topics, types = labels
    old, new = before[0].guidelines, after[0].guidelines
    agreement: list[Difference] = []
    if topics:
        agreement.append(
            compare_ratios("agreement on topics", topic_pairs(before), topic_pairs(after), seed)
        )
    if types:
        spans = (span_pairs(before), span_pairs(after))
        marks = (marks_given(before), marks_given(after))
        agreement.append(compare_ratios("agreement on spans", *spans, seed))
        agreement.append(compare_ratios("number of spans an answer", *marks, seed, is_share=False))
    return Change(
        before=old,
        after=new,
        day=day_of(after[0].answered_at),
        lines=changed_lines(texts, old, new),
        agreement=tuple(agreement),
        topics=tuple(_shares(topics_given(before), topics_given(after), topics, seed)),
        types=tuple(_shares(types_given(before), types_given(after), types, seed)),
    )


def _shares(before: Given, after: Given, labels: Sequence[str], seed: int) -> list[Difference]:
    if not labels:
        return []
    articles = {article for article, _ in (*before, *after)}
    old, new = (count_given(articles, given, labels) for given in (before, after))
    return compare_shares(old, new, seed)
