"""Tokens a word before and after, as bars."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from training.tokenizer.report import Texts

# More sources make bars that nobody can read.
MOST_SOURCES = 12
COLOURS = {"old": "#9aa5b1", "new": "#0b5563"}


def _plain(name: str) -> str:
    # Between two dollars matplotlib reads mathematics.
    return name.replace("$", r"\$")


def draw_report(found: Mapping[str, Texts], names: Mapping[str, str], file: Path) -> None:
    """A PNG of 1200 × 700 pixels; ``names`` say what "old" and "new" are."""
    largest = sorted(found, key=lambda name: (name != "all", -found[name].words))
    shown = [name for name in largest if found[name].words][: MOST_SOURCES + 1]
    figure, axes = pyplot.subplots(figsize=(12, 7), dpi=100)
    for place, side in enumerate(("old", "new")):
        values = [found[name].counts[side].tokens / found[name].words for name in shown]
        at = [i + (place - 0.5) * 0.38 for i in range(len(shown))]
        bars = axes.bar(at, values, 0.36, color=COLOURS[side], label=_plain(names[side]))
        axes.bar_label(bars, fmt="%.2f", padding=2)
    names_below = [f"{_plain(name)}\n{found[name].texts:,} texts" for name in shown]
    axes.set_xticks(range(len(shown)), names_below)
    axes.set_ylabel("tokens a word")
    axes.set_title("How finely words are cut, on texts kept back from the new tokenizer")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(y=0.12)
    figure.legend(loc="lower center", ncols=2, frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(file, metadata={"Software": None})
    pyplot.close(figure)
