"""The Markdown table of predictions beside two plain pipelines."""

from collections.abc import Mapping
from typing import Any

from benchmarks.tables import measured, missed

WANTED = {"one pass for both": 2.5, "seen before": 20}
EQUAL_AT_LEAST = 0.995


def prediction_table(found: Mapping[str, Any]) -> list[str]:
    """One row a way to predict both: records per CPU second, how many times, what is equal."""
    how = (
        f"{found['articles']:,} articles of {found['tokens'] / found['articles']:.0f} tokens, "
        f"medians of {found['rounds']} rounds, torch on {found['threads']} thread"
    )
    return [
        measured(found, how),
        "",
        "| both by | articles per CPU s | times | wanted | topics equal | spans equal |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(_row(name, way) for name, way in found["ways"].items()),
        "",
        f"What is kept of these articles takes {found['cache_mb'] / found['articles'] * 1000:.0f} "
        "KB each.",
    ]


def _row(name: str, way: Mapping[str, Any]) -> str:
    wanted = WANTED.get(name)
    cells = [
        name,
        f"{way['records_per_cpu_second']:.4g}",
        f"{way['times']:.2f}" + missed(wanted is None or way["times"] >= wanted),
        "" if wanted is None else f"≥ {wanted}",
        _equal(way.get("topics_equal")),
        _equal(way.get("spans_equal")),
    ]
    return f"| {' | '.join(cells)} |"


def _equal(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}" + missed(share >= EQUAL_AT_LEAST)
