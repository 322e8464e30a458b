"""How far annotators agree, before anything is resolved.

Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability" (nominal, missing data allowed).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from corpus.articles import Response, Span


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement over the records with two or more answers; None where there is none.

    ``topic_percent``: share of pairs of answers that chose the same topic.
    ``topic_alpha``: Krippendorff's alpha, nominal.
    ``span_f1``: exact-span F1 between annotators, pooled over all pairs, so that records
    where nobody marked anything do not inflate it.
    """

    records: int
    topic_percent: float | None
    topic_alpha: float | None
    span_f1: float | None


def measure_agreement(answers: Iterable[Sequence[Response]]) -> Agreement:
    """Agreement of submitted responses, grouped by record."""
    groups = [group for group in answers if len(group) > 1]
    topics = [[r.topic for r in group if r.topic is not None] for group in groups]
    return Agreement(
        records=len(groups),
        topic_percent=_pair_agreement(topics),
        topic_alpha=nominal_alpha(topics),
        span_f1=_pooled_span_f1([[r.spans for r in g if r.spans is not None] for g in groups]),
    )


def _pair_agreement(units: Sequence[Sequence[str]]) -> float | None:
    pairs = [a == b for unit in units for a, b in combinations(unit, 2)]
    return sum(pairs) / len(pairs) if pairs else None


def nominal_alpha(units: Sequence[Sequence[str]]) -> float | None:
    """Krippendorff's alpha of nominal values; None without two comparable values.

    1 is perfect, 0 is chance. With a single value throughout there is nothing to disagree
    on, and alpha is 1 by convention.
    """
    counted = [Counter(unit) for unit in units if len(unit) > 1]
    total: Counter[str] = Counter()
    for counts in counted:
        total.update(counts)
    n = total.total()
    if n < 2:
        return None
    observed = sum(
        (m * m - sum(c * c for c in counts.values())) / (m - 1)
        for counts in counted
        if (m := counts.total())
    )
    expected = (n * n - sum(c * c for c in total.values())) / (n - 1)
    return 1 - observed / expected if expected else 1.0


def _pooled_span_f1(units: Sequence[Sequence[tuple[Span, ...]]]) -> float | None:
    shared = marked = 0
    for unit in units:
        for a, b in combinations(unit, 2):
            shared += len(set(a) & set(b))
            marked += len(set(a)) + len(set(b))
    return 2 * shared / marked if marked else None
