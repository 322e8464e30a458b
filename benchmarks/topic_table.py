"""The Markdown table of topic models against SetFit's own trainer."""

from collections.abc import Mapping
from typing import Any

from benchmarks.tables import measured, missed


def topics_table(found: Mapping[str, Any]) -> list[str]:
    """One row an amount of gold: accuracy, CPU seconds and calibration error of both."""
    how = f"{found['test_rows']:,} test rows, torch on {found['threads']} thread"
    return [
        measured(found, how),
        "",
        "| a class | seeds | rung | accuracy | SetFit's | CPU s | SetFit's | ratio | ECE "
        "| SetFit's |",
        "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_row(row) for row in found["rows"]),
    ]


def _row(row: Mapping[str, Any]) -> str:
    mine, theirs = row["ours"], row.get("setfit")
    ratio = f"{row['cpu_ratio']:.3f}" if theirs else "–"
    cells = [
        str(row["per_class"]),
        str(row["seeds"]),
        ", ".join(row["rungs"]),
        _accuracy(mine) + missed(row["met"]["accuracy"]),
        _accuracy(theirs),
        _seconds(mine),
        _seconds(theirs),
        ratio + missed(row["met"]["cpu"]),
        f"{mine['ece']:.3f}",
        f"{theirs['ece']:.3f}" if theirs else "–",
    ]
    return f"| {' | '.join(cells)} |"


def _accuracy(side: Mapping[str, float] | None) -> str:
    return f"{side['accuracy']:.4f} ± {side['accuracy_sd']:.3f}" if side else "–"


def _seconds(side: Mapping[str, float] | None) -> str:
    return f"{side['cpu_seconds']:.0f}" if side else "–"
