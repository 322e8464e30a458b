"""What careless writing costs: the same test articles in lower case, with typos, and so on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from corpus.articles import Span
from corpus.intervals import Interval, ratio, resampled_totals, to_interval
from training.examples import EntityExample, TopicExample
from training.probes.perturbations import PERTURBATIONS, UNCHANGED, Changed, change

# Each article is predicted once a change: enough for an interval, seconds on a CPU.
MOST_ARTICLES = 150

Row = Mapping[str, Any]
PredictTopics = Callable[[Sequence[str]], list[list[str]]]
PredictSpans = Callable[[Sequence[str]], list[list[Span]]]


@dataclass(frozen=True, slots=True)
class Robustness:
    """By how much the score falls (or rises) under each change, on so many articles."""

    articles: int
    unchanged: Interval
    changes: dict[str, Interval]


def topic_rows(examples: Sequence[TopicExample], predict: PredictTopics) -> list[dict[str, Any]]:
    """Gold and predicted topics of each article under each change."""
    rows = []
    for name, texts in _variants([(e.id, e.text) for e in examples]).items():
        said = predict([changed.text for changed in texts])
        rows += [
            _row(name, e.id, sorted(e.topics), sorted(s))
            for e, s in zip(examples, said, strict=True)
        ]
    return rows


def entity_rows(examples: Sequence[EntityExample], predict: PredictSpans) -> list[dict[str, Any]]:
    """Gold and predicted spans, both in the changed text: [start, end, label]."""
    rows = []
    for name, texts in _variants([(e.id, e.text) for e in examples]).items():
        said = predict([changed.text for changed in texts])
        rows += [
            _row(name, e.id, _lists(changed.moved(e.spans)), _lists(spans))
            for e, changed, spans in zip(examples, texts, said, strict=True)
        ]
    return rows


def robustness_figures(rows: Sequence[Row], seed: int) -> Robustness:
    """Micro-F1 (of single topics: accuracy) as it is, and its difference under each change.

    Articles are resampled in pairs: the same ones under every change.
    """
    ids = sorted({row["id"] for row in rows})
    names = [UNCHANGED, *PERTURBATIONS]
    by_key = {(row["change"], row["id"]): row for row in rows}
    columns = np.array([[n for name in names for n in _counts(by_key[name, i])] for i in ids])
    totals = resampled_totals(columns, seed).reshape(-1, len(names), 2)
    f1 = ratio(2 * totals[..., 0], totals[..., 1])
    return Robustness(
        articles=len(ids),
        unchanged=to_interval(f1[0, 0], f1[1:, 0]),
        changes={
            name: to_interval(f1[0, k] - f1[0, 0], f1[1:, k] - f1[1:, 0])
            for k, name in enumerate(names)
            if k
        },
    )


def _variants(texts: Sequence[tuple[str, str]]) -> dict[str, list[Changed]]:
    return {
        name: [change(text, name, identifier) for identifier, text in texts]
        for name in (UNCHANGED, *PERTURBATIONS)
    }


def _row(name: str, identifier: str, gold: list[Any], predicted: list[Any]) -> dict[str, Any]:
    return {
        "probe": "robustness",
        "change": name,
        "id": identifier,
        "gold": gold,
        "predicted": predicted,
    }


def _lists(spans: Iterable[Span]) -> list[list[Any]]:
    return [[s.start, s.end, s.label] for s in sorted(spans)]


def _counts(row: Row) -> tuple[int, int]:
    """Hits, and labels on both sides together."""
    gold, said = ({_hashable(x) for x in row[side]} for side in ("gold", "predicted"))
    return len(gold & said), len(gold) + len(said)


def _hashable(item: Any) -> Any:
    return tuple(item) if isinstance(item, list) else item
