"""How far the review is, and how it came there day by day (UTC)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from corpus.adjudication import adjudicators_of
from corpus.desk import Desk
from corpus.desk_rule import resolve_entries
from corpus.ledger_rows import LedgerEntry
from corpus.report.material import Material
from corpus.votes.decided import TIE


@dataclass(frozen=True, slots=True)
class Day:
    """Answers that count, by the day they were given, and articles that became complete."""

    day: str
    answers: int
    completed: int


@dataclass(frozen=True, slots=True)
class Progress:
    """``records`` in Argilla, None where it is not known; the others are articles.

    ``answered``: with an answer. ``complete``: with ``min_submitted`` or more. ``reviewed`` of them
    have gold for every question, ``ties`` do not. ``waiting``: answered, not yet complete.
    """

    records: int | None
    untouched: int | None
    answered: int
    complete: int
    reviewed: int
    waiting: int
    ties: int
    min_submitted: int
    answers: int
    simulated: int
    people: int
    drafts: int
    days: tuple[Day, ...]


def measure_progress(material: Material, desk: Desk) -> Progress:
    """By the desk's own rule and its adjudicators, as gold is made; near-duplicates, which gold
    leaves out, count here.
    """
    groups = material.by_article()
    needed = desk.review.min_submitted
    complete = {i: group for i, group in groups.items() if len(group) >= needed}
    ties = _count_ties(material, desk, complete)
    answers = Counter(day_of(e.answered_at) for e in material.submitted)
    completed = Counter(day_of(group[needed - 1].answered_at) for group in complete.values())
    records = material.records
    return Progress(
        records=records,
        untouched=None if records is None else max(0, records - len(groups)),
        answered=len(groups),
        complete=len(complete),
        reviewed=len(complete) - ties,
        waiting=len(groups) - len(complete),
        ties=ties,
        min_submitted=needed,
        answers=len(material.submitted),
        simulated=sum(e.key in material.simulated for e in material.submitted),
        people=len({e.response.annotator for e in material.submitted}),
        drafts=material.drafts,
        days=tuple(Day(day, answers[day], completed[day]) for day in sorted(answers)),
    )


def _count_ties(
    material: Material, desk: Desk, complete: Mapping[str, Sequence[LedgerEntry]]
) -> int:
    """Decisions of adjudicators make no article complete, and win where one is."""
    weighed = {identifier: list(group) for identifier, group in complete.items()}
    for entry in material.decisions:
        if entry.response.article_id in weighed:
            weighed[entry.response.article_id].append(entry)
    resolved = resolve_entries(desk, weighed, adjudicators_of(material.decisions))
    return sum(found.rule == TIE for found in resolved.values())


def day_of(at: datetime) -> str:
    """The day in UTC, as in ISO 8601."""
    return at.astimezone(UTC).date().isoformat()
