"""Scores over answers, a line for each order."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def draw_orders(corpora: Sequence[Mapping[str, Any]], file: Path) -> None:
    """The desk's orders side by side for each corpus, with the interval of random order."""
    figure, panels = pyplot.subplots(1, len(corpora), figsize=(12, 5), dpi=100, squeeze=False)
    for axes, found in zip(panels[0], corpora, strict=True):
        for name, curve in found["curves"].items():
            if "(" in name:
                continue
            (line,) = axes.plot(found["answers"], curve["value"], label=name, marker=".")
            if name == "random":
                axes.fill_between(
                    found["answers"],
                    curve["low"],
                    curve["high"],
                    alpha=0.15,
                    color=line.get_color(),
                )
        axes.set_title(found["corpus"])
        axes.set_xlabel("answers")
        axes.set_ylabel(found["score"])
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(file, metadata={"Software": None})
    pyplot.close(figure)
