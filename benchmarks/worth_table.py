"""The table of what four times the labels bring."""

from collections.abc import Mapping
from typing import Any

from benchmarks.tables import measured, missed


def worth_table(found: Mapping[str, Any]) -> list[str]:
    """Each start: how often the interval held, and how far off each way of looking ahead was."""
    times = found["times"]
    lines = [
        measured(found, f"{found['seeds']} draws a start, {found['method']}"),
        "",
        f"| labels → {times} times | curve on | inside the interval | its width | law | "
        "stays as it is | log-linear | CPU s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in found["rows"]:
        start = row["start"]
        labels = f"{start:,} → {times * start:,}" if start else "all"
        held = f"{row['inside']} of {row['runs']}" + missed(row["inside"] >= 0.8 * row["runs"])
        on = f"{found['held_out'][row['measured_on']]:,} {row['measured_on']}"
        lines.append(
            f"| {labels} | {on} | {held} | {row['width']:.1f} | {row['law']:.2f} "
            f"| {row['stays']:.2f} | {row['log_linear']:.2f} | {row['cpu']:.1f} |"
        )
    return lines
