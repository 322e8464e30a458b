"""Agreement and label shares over time, in days, weeks or months as there are few or many."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from corpus.agreement import agreement_intervals
from corpus.intervals import Interval
from corpus.ledger_rows import LedgerEntry
from corpus.report.drift import topics_given, types_given
from corpus.report.material import Material
from corpus.report.shares import Given, count_given, label_shares

MOST_DAYS, MOST_WEEKS = 21, 26


@dataclass(frozen=True, slots=True)
class Period:
    """``starts`` is its first day (UTC). Agreement is of the articles whose last answer is in it,
    shares are of the answers in it.
    """

    starts: str
    answers: int
    compared: int
    topic_percent: Interval | None
    span_f1: Interval | None
    topics: dict[str, Interval | None]
    types: dict[str, Interval | None]


@dataclass(frozen=True, slots=True)
class Periods:
    """``unit`` is day, week (from Monday) or month."""

    unit: str
    periods: tuple[Period, ...]


def measure_periods(
    material: Material, topics: Sequence[str], types: Sequence[str], seed: int
) -> Periods:
    """Periods without an answer are left out."""
    unit = unit_of([e.answered_at for e in material.submitted])
    start = STARTS[unit]
    answers: dict[str, list[LedgerEntry]] = defaultdict(list)
    finished: dict[str, list[list[LedgerEntry]]] = defaultdict(list)
    for entry in material.submitted:
        answers[start(entry.answered_at)].append(entry)
    for group in material.by_article().values():
        finished[start(group[-1].answered_at)].append(group)
    found = []
    for name in sorted(answers):
        groups = [[e.response for e in group] for group in finished[name]]
        agreement = agreement_intervals(groups, seed)
        found.append(
            Period(
                starts=name,
                answers=len(answers[name]),
                compared=agreement.records,
                topic_percent=agreement.topic_percent,
                span_f1=agreement.span_f1,
                topics=_shares(topics_given(answers[name]), topics, seed),
                types=_shares(types_given(answers[name]), types, seed),
            )
        )
    return Periods(unit, tuple(found))


def unit_of(times: Sequence[datetime]) -> str:
    """Days for up to three weeks, weeks for up to half a year, else months."""
    days = (max(times) - min(times)).days + 1 if times else 0
    if days <= MOST_DAYS:
        return "day"
    return "week" if days <= 7 * MOST_WEEKS else "month"


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _week(at: datetime) -> str:
    day = at.astimezone(UTC).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def _month(at: datetime) -> str:
    return at.astimezone(UTC).date().replace(day=1).isoformat()


STARTS: dict[str, Callable[[datetime], str]] = {"day": _day, "week": _week, "month": _month}


def _shares(given: Given, labels: Sequence[str], seed: int) -> dict[str, Interval | None]:
    if not labels:
        return {}
    return label_shares(count_given({article for article, _ in given}, given, labels), seed)
