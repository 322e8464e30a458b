"""The learning curve over amounts of gold, as a picture."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot

from corpus.intervals import HIGH, LOW
from training.worth.forecast import Curves
from training.worth.report import MORE

# How far the law is drawn beyond what was measured.
AHEAD = 2


def draw_worth(curves: Curves, title: str, score_name: str, file: Path) -> None:
    """Measured scores with intervals, the law through them and its interval, as a PNG."""
    figure, axes = pyplot.subplots(figsize=(10, 6), dpi=100)
    here = curves.sizes[-1]
    n = np.geomspace(curves.sizes[0], max(AHEAD * here, here + MORE), 80)
    law = 1 - curves.laws.errors(n)
    low, high = np.percentile(law[1:], [LOW, HIGH], axis=0)
    axes.fill_between(n, low, high, alpha=0.2, label="95 % interval of the law")
    axes.plot(n, law[0], label="power law")
    scores = curves.scores()
    value = np.array([s.value for s in scores])
    ends = np.array([[s.value - s.low for s in scores], [s.high - s.value for s in scores]])
    bars = np.maximum(ends, 0)
    axes.errorbar(
        curves.sizes,
        value,
        bars,
        fmt="o",
        capsize=3,
        label="measured, 95 % interval",
    )
    axes.axvline(here, color="grey", linestyle=":", label=f"now: {here}")
    axes.axvline(here + MORE, color="tab:green", linestyle="--", label=f"{MORE} labels more")
    axes.set_xscale("log")
    ticks = sorted({*curves.sizes[::2], here, here + MORE})
    axes.set_xticks(ticks, [str(t) for t in ticks], rotation=45)
    axes.minorticks_off()
    axes.set_xlabel("training examples")
    axes.set_ylabel(score_name)
    axes.set_title(title, parse_math=False)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.tight_layout()
    # Without the name of the software, the same curve is the same file.
    figure.savefig(file, metadata={"Software": None})
    pyplot.close(figure)
