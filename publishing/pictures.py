"""Pictures of a card, drawn from figures of its manifest."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def draw_confusion(labels: Sequence[str], counts: Sequence[Sequence[int]], file: Path) -> None:
    """Gold (rows) × predicted (columns) as a PNG; the colour is the share of its row."""
    size = max(4.5, 0.8 * len(labels) + 2)
    figure, axes = pyplot.subplots(figsize=(size, 0.85 * size), dpi=100)
    shares = [[n / max(1, sum(row)) for n in row] for row in counts]
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            colour = "white" if shares[i][j] > 0.5 else "black"
            axes.text(j, i, str(count), ha="center", va="center", color=colour)
    # A dollar sign of a label opens no formula.
    axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(range(len(labels)), labels, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("gold")
    axes.set_title(f"Confusion of topics, {sum(map(sum, counts))} articles")
    figure.colorbar(image, label="share of the gold topic", fraction=0.046)
    with warnings.catch_warnings():
        # The font knows no letter of many scripts: it draws a box, which is no reason to stop.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        figure.tight_layout()
        # Without the name of the software, the same figures are the same file.
        figure.savefig(file, metadata={"Software": None})
    pyplot.close(figure)
