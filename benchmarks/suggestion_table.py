"""The table of how well the pull of suggestions is found."""

from collections.abc import Mapping
from typing import Any

from benchmarks.tables import measured, missed


def suggestion_table(found: Mapping[str, Any]) -> list[str]:
    """A row for each pull and question; wanted: nine of ten."""
    told = f"{found['seeds']} reviews a row, {found['articles']} articles, "
    lines = [
        measured(found, f"{told}{found['reviewers']} reviewers, {found['cpu_seconds']} CPU s"),
        "",
        "| blind | pull put in | on | interval covers it [95 %] | its width | mean error |",
        "| ---: | ---: | --- | ---: | ---: | ---: |",
    ]
    for row in found["rows"]:
        share = row["covered"]
        covered = f"{row['inside']} of {row['told']} [{share['low']:.3f}, {share['high']:.3f}]"
        covered += missed(share["value"] >= 0.9)
        lines.append(
            f"| {row['blind_share']:.0%} | {row['pull']} | {row['question']} | {covered} "
            f"| {row['width']:.2f} | {row['error']:+.3f} |"
        )
    return lines
