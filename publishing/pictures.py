"""Pictures of a card, drawn from figures of its manifest."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from publishing.manifest_parts import Calibration

BLUE = "#1f5fa8"
# More labels than this, and the counts in the cells can no longer be read.
COUNTED_LABELS = 20


def draw_confusion(
    labels: Sequence[str], counts: Sequence[Sequence[int]], file: Path, spans: bool = False
) -> None:
    """Gold (rows) × predicted (columns) as a PNG; the colour is the share of its row.

    Of ``spans`` the last column holds what was missed, the last row what was invented.
    """
    rows = [*labels, "(invented)"] if spans else list(labels)
    columns = [*labels, "(missed)"] if spans else list(labels)
    size = min(20.0, max(5.0, 0.8 * len(rows) + 2.4))
    figure, axes = pyplot.subplots(figsize=(size, 0.85 * size), dpi=100)
    shares = [[n / max(1, sum(row)) for n in row] for row in counts]
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(counts if len(labels) <= COUNTED_LABELS else ()):
        for j, count in enumerate(row):
            colour = "white" if shares[i][j] > 0.5 else "black"
            # Nothing can be both invented and missed.
            text = "" if spans and i == j == len(labels) else str(count)
            axes.text(j, i, text, ha="center", va="center", color=colour)
    # A dollar sign of a label opens no formula.
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(range(len(rows)), rows, parse_math=False)
    axes.tick_params(labelsize=min(10.0, max(3.0, 300 / len(rows))))
    axes.set_xlabel("predicted")
    axes.set_ylabel("gold")
    total = sum(map(sum, counts))
    what = f"entity types, {total} spans" if spans else f"topics, {total} articles"
    axes.set_title(f"Confusion of {what}")
    label = "share of the gold type" if spans else "share of the gold topic"
    figure.colorbar(image, label=label, fraction=0.046)
    _save(figure, file)


def draw_reliability(calibration: Calibration, unit: str, file: Path) -> None:
    """What probabilities promise against what comes true, with intervals; ``unit`` is counted."""
    figure, axes = pyplot.subplots(figsize=(5.2, 5.0), dpi=100)
    bins = calibration.bins
    promised = [part.confidence for part in bins]
    true = [part.accuracy.value for part in bins]
    below = [max(0.0, part.accuracy.value - part.accuracy.low) for part in bins]
    above = [max(0.0, part.accuracy.high - part.accuracy.value) for part in bins]
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1, label="as promised")
    axes.errorbar(
        promised, true, yerr=[below, above], color=BLUE, marker="o", capsize=3, linewidth=1.2,
        label="came true, 95 % interval",
    )  # fmt: skip
    start = min([0.5, *promised, *(part.accuracy.low for part in bins)])
    axes.set_xlim(max(0.0, start - 0.05), 1.03)
    axes.set_ylim(max(0.0, start - 0.05), 1.03)
    axes.set_xlabel("mean probability of a bin")
    axes.set_ylabel(f"share of {unit} that were right")
    axes.set_title(f"Reliability, {calibration.n} {unit} in {len(bins)} bins")
    axes.legend(loc="upper left", frameon=False)
    axes.grid(alpha=0.25)
    _save(figure, file)


def _save(figure: Any, file: Path) -> None:
    with warnings.catch_warnings():
        # The font knows no letter of many scripts: it draws a box, which is no reason to stop.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        figure.tight_layout()
        # Without the name of the software, the same figures are the same file.
        figure.savefig(file, metadata={"Software": None})
    pyplot.close(figure)
