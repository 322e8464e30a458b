"""What the answers say about the review: annotators, agreement, suggestions, guidelines."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from corpus.agreement import agreement_intervals
from corpus.gold import Acceptance, measure_acceptance
from corpus.intervals import Interval, resampled_totals, share
from corpus.ledger_rows import LedgerEntry
from corpus.statements import StatementKey
from publishing.agents import published_agent
from publishing.manifest_parts import Agreement, Answers, Estimate, Guidelines, Suggestions
from publishing.responses_config import to_the_minute

Groups = Sequence[Sequence[LedgerEntry]]


def describe_answers(
    entries: Sequence[LedgerEntry], simulated: frozenset[StatementKey] | set[StatementKey]
) -> Answers:
    """Of the answers that count now, dated to the minute; ``simulated`` are the keys of those
    nobody gave.
    """
    submitted = _submitted(entries)
    times = sorted(to_the_minute(entry.response.answered_at).isoformat() for entry in submitted)
    return Answers(
        submitted=len(submitted),
        discarded=sum(entry.response.status == "discarded" for entry in entries),
        simulated=sum(entry.key in simulated for entry in submitted),
        annotators=len({entry.response.annotator for entry in submitted}),
        first=times[0] if times else "",
        last=times[-1] if times else "",
    )


def describe_agreement(entries: Sequence[LedgerEntry], seed: int) -> Agreement:
    """Between annotators, with intervals over articles."""
    return _agreement(_by_article(entries), seed)


def describe_suggestions(entries: Sequence[LedgerEntry], seed: int) -> Suggestions:
    """What was shown, what was kept, and agreement with and without suggestions."""
    groups = _by_article(entries)
    kept = [measure_acceptance(group) for group in groups]
    topic_rate, span_rate = _rates(kept, seed)
    blind = [group for group in groups if group[0].blind]
    shown = [g for g, a in zip(groups, kept, strict=True) if _was_shown(g, a)]
    total = measure_acceptance([entry for group in groups for entry in group])
    named = {a for e in _submitted(entries) for a in (e.topic_agent, e.spans_agent)}
    agents = {agent for name in named if (agent := published_agent(name))}
    return Suggestions(
        agents=sorted(agents),
        topics_shown=total.topics_shown,
        topics_kept=total.topics_accepted,
        topic_rate=topic_rate,
        spans_shown=total.spans_shown,
        spans_kept=total.spans_accepted,
        span_rate=span_rate,
        agreement_blind=_if_any(_agreement(blind, seed)),
        agreement_shown=_if_any(_agreement(shown, seed)),
    )


def describe_guidelines(
    entries: Sequence[LedgerEntry], texts: Mapping[str, str]
) -> list[Guidelines]:
    """The revisions annotators read, in the order of first use."""
    submitted = sorted(_submitted(entries), key=lambda entry: entry.response.answered_at)
    revisions = dict.fromkeys(entry.guidelines for entry in submitted)
    return [Guidelines(revision=r, text=texts.get(r)) for r in revisions]


def _submitted(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    return [entry for entry in entries if entry.response.status == "submitted"]


def _by_article(entries: Sequence[LedgerEntry]) -> list[list[LedgerEntry]]:
    groups: dict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in _submitted(entries):
        groups[entry.response.article_id].append(entry)
    return [groups[identifier] for identifier in sorted(groups)]


def _was_shown(group: Sequence[LedgerEntry], kept: Acceptance) -> bool:
    return not group[0].blind and bool(kept.topics_shown or kept.spans_shown)


def _agreement(groups: Groups, seed: int) -> Agreement:
    found = agreement_intervals([[entry.response for entry in group] for group in groups], seed)
    return Agreement(
        articles=found.records,
        topic_percent=_estimate(found.topic_percent),
        topic_alpha=_estimate(found.topic_alpha),
        span_f1=_estimate(found.span_f1),
    )


def _rates(kept: Sequence[Acceptance], seed: int) -> tuple[Estimate | None, Estimate | None]:
    """Shares of suggested topics and spans that were kept."""
    if not kept:
        return None, None
    counts = [(a.topics_accepted, a.topics_shown, a.spans_accepted, a.spans_shown) for a in kept]
    totals = resampled_totals(np.array(counts), seed)
    topics, spans = share(totals[:, 0], totals[:, 1]), share(totals[:, 2], totals[:, 3])
    return _estimate(topics), _estimate(spans)


def _if_any(agreement: Agreement) -> Agreement | None:
    """None where too few articles were compared to say anything."""
    return agreement if agreement.topic_percent or agreement.span_f1 else None


def _estimate(interval: Interval | None) -> Estimate | None:
    return None if interval is None else Estimate(**asdict(interval))
