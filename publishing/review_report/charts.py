"""Charts of the annotator report as SVG whose colours are those of the page, light or dark."""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Stand-ins that no chart uses otherwise; the page knows the light and the dark one of each.
INK, LINE = "#010203", "#040506"
SERIES = ("#0a0b01", "#0a0b02", "#0a0b03", "#0a0b04", "#0a0b05", "#0a0b06")
COLOURS = {INK: "currentColor", LINE: "var(--line)"} | {
    colour: f"var(--c{at})" for at, colour in enumerate(SERIES, 1)
}
MARKS = "osD^vP"
WIDTH_INCHES = 6.0
MOST_TICKS = 6
STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.axisbelow": True,
    "axes.titlesize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": LINE,
    "text.parse_math": False,
    "legend.frameon": False,
}
Interval = Mapping[str, float]
# Name of a series → a figure for each place; None: too little to state it.
Series = Mapping[str, Sequence[Interval | None]]


def draw_days(days: Sequence[Mapping[str, Any]]) -> str:
    """Answers and completed articles by day."""
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": "days"}):
        figure, axes = pyplot.subplots(figsize=(WIDTH_INCHES, 2.8))
        places = [date.fromisoformat(day["day"]).toordinal() for day in days]
        axes.bar(places, [day["answers"] for day in days], color=SERIES[0], width=0.8)
        completed = [day["completed"] for day in days]
        axes.plot(places, completed, color=SERIES[1], marker="o", markersize=5)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        _date_ticks(axes, [day["day"] for day in days])
        axes.grid(axis="y", alpha=0.6)
        _legend(figure, ["completed articles", "answers"], [*axes.lines, axes.containers[0]])
        return _to_svg(figure)


def draw_people(names: Sequence[str], series: Series, label: str) -> str:
    """A dot with its interval for each annotator; series beside each other."""
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": label}):
        height = 1.1 + (0.3 + 0.12 * len(series)) * len(names)
        figure, axes = pyplot.subplots(figsize=(WIDTH_INCHES, height))
        for at, (name, figures) in enumerate(series.items()):
            shift = 0.22 * (at - (len(series) - 1) / 2)
            there = [(place + shift, f) for place, f in enumerate(figures) if f is not None]
            if there:
                _dots(axes, there, at, name)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlabel(label)
        axes.grid(axis="x", alpha=0.6)
        if len(series) > 1:
            _legend(figure, *_handles(axes))
        return _to_svg(figure)


def draw_time(
    starts: Sequence[str], series: Series, label: str, changes: Sequence[str] = ()
) -> str:
    """Figures with intervals over periods; ``changes`` are days of new guidelines."""
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": label}):
        figure, axes = pyplot.subplots(figsize=(WIDTH_INCHES, 3.1))
        places = [date.fromisoformat(start).toordinal() for start in starts]
        for at, (name, figures) in enumerate(series.items()):
            points = [(place, f) for place, f in zip(places, figures, strict=True) if f is not None]
            if points:
                _line(axes, points, at, name)
        _change_lines(axes, changes)
        _date_ticks(axes, starts)
        axes.set_ylabel(label)
        axes.grid(axis="y", alpha=0.6)
        _legend(figure, *_handles(axes))
        return _to_svg(figure)


def draw_shares(
    starts: Sequence[str], series: Series, label: str, changes: Sequence[str] = ()
) -> str:
    """Shares of labels over periods: small pictures of one scale, as bands hide each other."""
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": label}):
        rows = -(-len(series) // 2)
        figure, grid = pyplot.subplots(
            rows, 2, figsize=(WIDTH_INCHES, 0.5 + 1.7 * rows), sharex=True, sharey=True,
            squeeze=False,
        )  # fmt: skip
        places = [date.fromisoformat(start).toordinal() for start in starts]
        for at, (axes, (name, figures)) in enumerate(zip(grid.flat, series.items(), strict=False)):
            points = [(place, f) for place, f in zip(places, figures, strict=True) if f is not None]
            if points:
                _line(axes, points, at, name)
            _change_lines(axes, changes)
            axes.set_title(name, loc="left")
            axes.grid(axis="y", alpha=0.6)
            _date_ticks(axes, starts, MOST_TICKS // 2)
        for axes in list(grid.flat)[len(series) :]:
            axes.set_axis_off()
        figure.supylabel(label, fontsize=10.5, color=INK)
        return _to_svg(figure)


def _change_lines(axes: Axes, changes: Sequence[str]) -> None:
    for day in changes:
        axes.axvline(date.fromisoformat(day).toordinal() - 0.5, color=INK, linestyle=":")


def _dots(axes: Axes, points: Sequence[tuple[float, Interval]], at: int, name: str) -> None:
    values = [f["value"] for _, f in points]
    below = [f["value"] - f["low"] for _, f in points]
    above = [f["high"] - f["value"] for _, f in points]
    axes.errorbar(
        values, [place for place, _ in points], xerr=[below, above], color=SERIES[at],
        marker=MARKS[at], linestyle="", capsize=3, markersize=6, label=name,
    )  # fmt: skip


def _line(axes: Axes, points: Sequence[tuple[int, Interval]], at: int, name: str) -> None:
    places = [place for place, _ in points]
    low, high = ([f[end] for _, f in points] for end in ("low", "high"))
    axes.fill_between(places, low, high, color=SERIES[at], alpha=0.15, linewidth=0)
    axes.plot(
        places, [f["value"] for _, f in points], color=SERIES[at], marker=MARKS[at],
        markersize=5, label=name,
    )  # fmt: skip


def _handles(axes: Axes) -> tuple[list[str], list[Any]]:
    handles, labels = axes.get_legend_handles_labels()
    return labels, handles


def _legend(figure: Figure, labels: Sequence[str], handles: Sequence[Any]) -> None:
    """Above the axes, where it hides nothing."""
    if labels:
        figure.legend(handles, labels, loc="outside upper left", ncols=3)


def _date_ticks(axes: Axes, days: Sequence[str], most: int = MOST_TICKS) -> None:
    step = -(-len(days) // most) or 1
    chosen = [date.fromisoformat(day) for day in days[::step]]
    axes.set_xticks([day.toordinal() for day in chosen], [f"{day.day} {day:%b}" for day in chosen])


def _to_svg(figure: Figure) -> str:
    """An ``<svg>`` element without addresses, names of its parts and sizes of its own."""
    figure.set_layout_engine("constrained")
    out = io.StringIO()
    metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(out, format="svg", transparent=True, metadata=metadata)
    pyplot.close(figure)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 aria-hidden="true">', text)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    # One that stands in the page is of the whole page.
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    # The page's own font has every script.
    text = re.sub(r"font-family: [^;\"]*", "font-family: inherit", text)
    for stand_in, colour in COLOURS.items():
        text = text.replace(stand_in, colour)
    return text.strip()
