"""How quickly each annotator answers, by the gaps of ``corpus.suggestions.times``."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log

import numpy as np

from corpus.intervals import Interval, to_interval
from corpus.ledger_rows import LedgerEntry
from corpus.report.material import Material
from corpus.suggestions.resampling import article_totals
from corpus.suggestions.times import LONGEST_SECONDS, SHORTEST_SECONDS, answer_gaps

# Of fewer, no two of the values enclose the median with 95 percent.
MIN_TIMED = 6
HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Speed:
    """Of one annotator: ``timed`` of the ``answers`` have a time.

    ``per_hour``: answers in an hour of work without breaks. Both figures are None for fewer than
    ``MIN_TIMED`` times.
    """

    annotator: str
    answers: int
    timed: int
    median_seconds: Interval | None
    per_hour: Interval | None


@dataclass(frozen=True, slots=True)
class Speeds:
    """``breaks`` and ``strokes`` count gaps left out as too long and too short."""

    annotators: tuple[Speed, ...]
    timed: int
    breaks: int
    strokes: int
    simulated: int
    longest_seconds: int = int(LONGEST_SECONDS)
    shortest_seconds: int = int(SHORTEST_SECONDS)
    min_timed: int = MIN_TIMED


def measure_speed(material: Material, seed: int) -> Speeds:
    """Of everybody who submitted or discarded."""
    gaps = answer_gaps(material.statements, material.simulated)
    people: dict[str, list[tuple[LedgerEntry, float]]] = defaultdict(list)
    for entry, seconds in gaps:
        if SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            people[entry.response.annotator].append((entry, seconds))
    return Speeds(
        annotators=tuple(
            _speed(name, answers, people[name], seed)
            for name, answers in material.annotators().items()
        ),
        timed=sum(map(len, people.values())),
        breaks=sum(seconds > LONGEST_SECONDS for _, seconds in gaps),
        strokes=sum(seconds < SHORTEST_SECONDS for _, seconds in gaps),
        simulated=sum(e.key in material.simulated for e in material.submitted),
    )


def median_interval(values: Sequence[float]) -> Interval | None:
    """The median between two of the values that enclose it with at least 95 percent.

    By the binomial distribution, whatever that of the values (Conover 1999, 3.2). None for fewer
    than ``MIN_TIMED``.
    """
    if len(values) < MIN_TIMED:
        return None
    ordered, n = sorted(values), len(values)
    below, outside = 0, _half_share(n, 0)
    while outside + _half_share(n, below + 1) <= 0.025:
        below += 1
        outside += _half_share(n, below)
    return Interval(float(np.median(ordered)), ordered[below], ordered[n - 1 - below])


def _half_share(n: int, successes: int) -> float:
    """The probability of so many heads of n coins."""
    ways = lgamma(n + 1) - lgamma(successes + 1) - lgamma(n - successes + 1)
    return exp(ways - n * log(2))


def _speed(name: str, answers: int, timed: Sequence[tuple[LedgerEntry, float]], seed: int) -> Speed:
    ordered = sorted(timed, key=lambda pair: pair[0].response.article_id)
    seconds = np.array([value for _, value in ordered])
    return Speed(
        annotator=name,
        answers=answers,
        timed=len(seconds),
        median_seconds=median_interval(seconds.tolist()),
        per_hour=_per_hour(seconds, seed) if len(seconds) >= MIN_TIMED else None,
    )


def _per_hour(seconds: np.ndarray, seed: int) -> Interval:
    totals = article_totals(np.column_stack([np.ones_like(seconds), seconds]), seed)
    rates = HOUR_SECONDS * totals[:, 0] / totals[:, 1]
    return to_interval(rates[0], rates[1:])
