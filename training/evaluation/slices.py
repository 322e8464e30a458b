"""Scores of parts of the test: where a model is good, and where it is not.

A part with few articles says nothing, and one that is all of them says nothing new.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from corpus.intervals import RESAMPLES, Interval
from training.evaluation.counts import Counts, draw_scores
from training.evaluation.scores import averages

LEAST_ARTICLES = 20
# Of a source that names a part for each article, the largest ones.
MOST_PARTS = 12


@dataclass(frozen=True, slots=True)
class SliceScores:
    """``by``: what is told apart; ``part``: the articles meant; ``score``: micro-F1 of them, which
    is the accuracy where each has one topic; None is not defined: they hold nothing, as was said.
    """

    by: str
    part: str
    n: int
    score: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def score_slices(
    counts: Counts,
    facts: Sequence[Mapping[str, Any]],
    seed: int,
    resamples: int = RESAMPLES,
    least: int = LEAST_ARTICLES,
) -> list[SliceScores]:
    """Parts of ``least`` articles or more, by source, length, date, blind, guidelines.

    ``facts`` has the keys of ``parts_of`` for each article; a key that it lacks tells nothing.
    """
    found = []
    for by, names in parts_of(facts):
        rows: dict[str, list[int]] = defaultdict(list)
        for row, name in enumerate(names):
            if name:
                rows[name].append(row)
        large = {name: part for name, part in rows.items() if least <= len(part) < len(facts)}
        largest = sorted(large, key=lambda name: -len(large[name]))[:MOST_PARTS]
        for name in (name for name in _ordered(by, large) if name in largest):
            drawn = draw_scores(counts.at(large[name]), seed, resamples)
            score = averages(drawn).micro_f1
            found.append(SliceScores(by, name, len(large[name]), score))
    return found


def parts_of(facts: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """What is told apart, with the part that each article belongs to; empty where not known.

    Keys of facts: source, characters, published_at (ISO 8601), blind, guidelines.
    """
    yield "source", [str(fact.get("source") or "") for fact in facts]
    yield "length", _lengths([fact.get("characters") for fact in facts])
    yield "date", _dates([str(fact.get("published_at") or "") for fact in facts])
    shown = {True: "without suggestions", False: "with suggestions", None: ""}
    yield "review", [shown[fact.get("blind")] for fact in facts]
    yield "guidelines", [str(fact.get("guidelines") or "") for fact in facts]


def _lengths(characters: Sequence[int | None]) -> list[str]:
    """Thirds of the articles, named by their bounds in characters."""
    known = [n for n in characters if n is not None]
    if not known:
        return [""] * len(characters)
    first, second = (int(np.quantile(known, part)) for part in (1 / 3, 2 / 3))

    def name(n: int | None) -> str:
        if n is None:
            return ""
        if n <= first:
            return f"up to {first} characters"
        return f"up to {second} characters" if n <= second else f"more than {second} characters"

    return [name(n) for n in characters]


def _dates(days: Sequence[str]) -> list[str]:
    """By year where there are several, else by month."""
    width = 4 if len({day[:4] for day in days if day}) > 1 else 7
    return [day[:width] for day in days]


def _ordered(by: str, names: Mapping[str, Any]) -> list[str]:
    return list(names) if by in ("review", "guidelines") else sorted(names, key=_natural)


def _natural(name: str) -> tuple[Any, ...]:
    """Bounds by their size, and "more than" after "up to"."""
    digits = [int(word) for word in name.split() if word.isdecimal()]
    return (digits[:1] if name.startswith(("up to ", "more than ")) else [], name[:1] == "m", name)
