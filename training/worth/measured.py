"""What cheap models, trained on parts of the gold, get right on the same held-out articles."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from corpus.intervals import ratio

HITS, PREDICTED, GOLD = 0, 1, 2
# Steps of the square root of two from an eighth up: each point is cheap, and a law of three
# parameters needs more than three of them.
PARTS = (1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1.0)
SMALLEST = 4

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Counts of hits, predicted and gold labels: (sizes, repeats, articles, labels, 3).

    ``sizes`` are numbers of training examples, the last one all of them; ``support`` counts the
    examples (topics) or spans of each label among all. With all examples every repeat is the same.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    sizes: tuple[int, ...]
    support: dict[str, int]
    counts: np.ndarray

    @property
    def repeats(self) -> int:
        """How many orders of the examples were tried."""
        return int(self.counts.shape[1])


def part_sizes(examples: int) -> tuple[int, ...]:
    """An eighth of the examples to all of them, none of fewer than four examples."""
    return tuple(sorted({n for part in PARTS if (n := round(part * examples)) >= SMALLEST}))


def nested_orders(examples: int, repeats: int, seed: int) -> np.ndarray:
    """Random orders (repeats, examples): the first n of a row are its part of size n."""
    generator = np.random.default_rng(seed)
    return np.stack([generator.permutation(examples) for _ in range(repeats)])


def f1_errors(counts: np.ndarray) -> Any:
    """1 - F1 over the last axis of hits, predicted, gold; of single topics that is 1 - accuracy."""
    marked = counts[..., PREDICTED] + counts[..., GOLD]
    return 1 - ratio(2 * counts[..., HITS], marked)


def to_rows(measured: Measured) -> list[dict[str, Any]]:
    """One row a held-out article, ready for JSON: gold labels, then each run's by size.

    A label stands as [predicted, hits]; what was neither predicted nor gold is left out.
    """
    return [
        {
            "id": identifier,
            "gold": _nonzero(measured.labels, measured.counts[0, 0, i, :, GOLD]),
            "runs": {
                str(size): [
                    _said(measured.labels, measured.counts[s, r, i])
                    for r in range(_distinct_repeats(measured, s))
                ]
                for s, size in enumerate(measured.sizes)
            },
        }
        for i, identifier in enumerate(measured.ids)
    ]


def from_rows(rows: Sequence[Row], support: Mapping[str, int]) -> Measured:
    """What ``to_rows`` wrote; ``support`` names the labels in their order."""
    labels = tuple(support)
    sizes = tuple(sorted(int(size) for size in rows[0]["runs"]))
    repeats = max(len(runs) for runs in rows[0]["runs"].values())
    counts = np.zeros((len(sizes), repeats, len(rows), len(labels), 3), dtype=np.int32)
    for i, row in enumerate(rows):
        for label, number in row["gold"].items():
            counts[:, :, i, labels.index(label), GOLD] = number
        for s, size in enumerate(sizes):
            runs = row["runs"][str(size)]
            for r in range(repeats):
                for label, (predicted, hits) in runs[r % len(runs)].items():
                    counts[s, r, i, labels.index(label), :GOLD] = hits, predicted
    return Measured(tuple(row["id"] for row in rows), labels, sizes, dict(support), counts)


def _distinct_repeats(measured: Measured, size_number: int) -> int:
    return 1 if size_number == len(measured.sizes) - 1 else measured.repeats


def _nonzero(labels: Iterable[str], values: np.ndarray) -> dict[str, int]:
    return {label: int(n) for label, n in zip(labels, values, strict=True) if n}


def _said(labels: Iterable[str], counts: np.ndarray) -> dict[str, list[int]]:
    return {
        label: [int(row[PREDICTED]), int(row[HITS])]
        for label, row in zip(labels, counts, strict=True)
        if row[PREDICTED]
    }
