"""Other ways to count spans than exact ones: MUC's, as SemEval 2013 task 9 uses them.

Each predicted span is set against one gold span that it overlaps, or none. Of ``boundaries`` a hit
has start and end right, whatever its type; of ``partial`` such a hit counts 1, any overlap a half;
of ``type`` any overlap with the right type counts. What was said and what is there are all spans,
so precision, recall and F1 follow as for exact spans.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.articles import Span
from corpus.intervals import Interval
from training.evaluation.scores import share

SCHEMES = ("boundaries", "partial", "type")


@dataclass(frozen=True, slots=True)
class SchemeScores:
    """Micro-averaged over all spans; None is not defined: there were none."""

    precision: Interval | None
    recall: Interval | None
    f1: Interval | None


def scheme_hits(
    gold: Sequence[Collection[Span]], predicted: Sequence[Collection[Span]]
) -> np.ndarray:
    """Hits of each article by each scheme: (articles, 3)."""
    rows = []
    for g, p in zip(gold, predicted, strict=True):
        there, said = sorted(set(g)), sorted(set(p))
        exact, touched = _boundary_hits(there, said)
        typed = sum(a is not None and b is not None and a.label == b.label
                    for a, b in matches(there, said))  # fmt: skip
        rows.append([exact, exact + touched / 2, typed])
    return np.array(rows, dtype=float).reshape(-1, len(SCHEMES))


def scheme_scores(hits: np.ndarray, said: np.ndarray, real: np.ndarray) -> dict[str, SchemeScores]:
    """From totals over resamples: hits (1 + resamples, 3), the others (1 + resamples,)."""
    return {
        name: SchemeScores(
            precision=share(hits[:, i], said),
            recall=share(hits[:, i], real),
            f1=share(2 * hits[:, i], said + real),
        )
        for i, name in enumerate(SCHEMES)
    }


def type_confusion(
    gold: Sequence[Collection[Span]],
    predicted: Sequence[Collection[Span]],
    types: Sequence[str],
) -> list[list[int]]:
    """Gold × predicted types of spans that overlap, schema order; the last column counts spans
    that were missed, the last row those that were invented.
    """
    index = {label: i for i, label in enumerate(types)}
    counts = np.zeros((len(types) + 1, len(types) + 1), dtype=int)
    for g, p in zip(gold, predicted, strict=True):
        for there, said in matches(sorted(set(g)), sorted(set(p))):
            row = len(types) if there is None else index[there.label]
            counts[row, len(types) if said is None else index[said.label]] += 1
    found: list[list[int]] = counts.tolist()
    return found


def matches(gold: Sequence[Span], said: Sequence[Span]) -> list[tuple[Span | None, Span | None]]:
    """Pairs of spans that overlap, in text order; None on one side for what found no partner.

    A predicted span prefers gold of its own type, of that the one with the closest boundaries.
    """
    left, pairs = list(gold), list[tuple[Span | None, Span | None]]()
    for span in said:
        over = [other for other in left if _overlap(span, other)]
        if not over:
            pairs.append((None, span))
            continue
        same = [other for other in over if other.label == span.label]
        best = min(same, key=lambda g: _distance(g, span)) if same else over[0]
        left.remove(best)
        pairs.append((best, span))
    return [*pairs, *((other, None) for other in left)]


def _boundary_hits(gold: Sequence[Span], said: Sequence[Span]) -> tuple[int, int]:
    """(spans with both boundaries right, other predicted spans that overlap a gold one)."""
    left, rest, exact, touched = list(gold), [], 0, 0
    for span in said:
        same = next((g for g in left if (g.start, g.end) == (span.start, span.end)), None)
        if same is None:
            rest.append(span)
        else:
            left.remove(same)
            exact += 1
    for span in rest:
        over = next((g for g in left if _overlap(span, g)), None)
        if over is not None:
            left.remove(over)
            touched += 1
    return exact, touched


def _overlap(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


def _distance(a: Span, b: Span) -> int:
    return abs(a.start - b.start) + abs(a.end - b.end)
