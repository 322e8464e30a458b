"""What a rule makes of the answers to one question, and the vote itself.

Votes tie where nothing decides between them; whoever reads the result decides what a tie is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeGuard

from corpus.articles import Span
from corpus.votes.sets import overlap
from corpus.votes.vote import Candidate, Unit, Value

TIE = "tie"
# Probabilities closer than this are the same.
CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Decided(Generic[Value]):
    """``value`` is None for a tie, ``rule`` is then "tie", else what decided it.

    ``probabilities`` are those of each label or span that somebody gave (by DS: of every label that
    is possible): a posterior by Dawid and Skene, else the share of the votes that were counted.
    ``tied`` are those between which it could not be decided.
    """

    unit: Unit
    value: Value | None
    rule: str
    answers: int
    probabilities: Mapping[Any, float]
    tied: tuple[Any, ...] = ()


def decide_choice(
    unit: Unit, rule: str, answers: int, probabilities: Mapping[str, float]
) -> Decided[str]:
    """The most probable label; several that are equally probable are a tie."""
    best = max(probabilities.values())
    first = sorted(label for label, p in probabilities.items() if best - p <= CLOSE)
    if len(first) > 1:
        return Decided(unit, None, TIE, answers, probabilities, tuple(first))
    return Decided(unit, first[0], rule, answers, probabilities)


def decide_set(
    unit: Unit,
    rule: str,
    answers: int,
    probabilities: Mapping[Candidate, float],
    overlaps: bool = True,
) -> Decided[frozenset[Candidate]]:
    """Every candidate more probable than not; exactly one half makes a tie of the question.

    ``overlaps`` False: of overlapping spans stays the most probable, then the longest, then the
    first.
    """
    tied = tuple(sorted(c for c, p in probabilities.items() if abs(p - 0.5) <= CLOSE))
    chosen = [c for c, p in probabilities.items() if p - 0.5 > CLOSE]
    kept = frozenset(chosen if overlaps else _apart(chosen, probabilities))
    if tied:
        return Decided(unit, None, TIE, answers, probabilities, tied)
    return Decided(unit, kept, rule, answers, probabilities)


def choice_shares(values: Sequence[str]) -> dict[str, float]:
    """Label → share of the votes, by label."""
    return {label: times / len(values) for label, times in sorted(Counter(values).items())}


def set_shares(values: Sequence[frozenset[Candidate]]) -> dict[Candidate, float]:
    """Candidate → share of the answers that have exactly it, in order."""
    counts = Counter(candidate for value in values for candidate in value)
    return {candidate: counts[candidate] / len(values) for candidate in sorted(counts)}


def _apart(
    chosen: Sequence[Candidate], probabilities: Mapping[Candidate, float]
) -> list[Candidate]:
    kept: list[Candidate] = []
    for candidate in sorted(chosen, key=lambda c: (-probabilities[c], *_longest_first(c))):
        if not any(_overlap(candidate, other) for other in kept):
            kept.append(candidate)
    return kept


def _longest_first(candidate: Span | str) -> tuple[int, int]:
    return (candidate.start - candidate.end, candidate.start) if _is_span(candidate) else (0, 0)


def _is_span(candidate: Span | str) -> TypeGuard[Span]:
    return isinstance(candidate, Span)


def _overlap(a: Span | str, b: Span | str) -> bool:
    return isinstance(a, Span) and isinstance(b, Span) and overlap(a, b)
