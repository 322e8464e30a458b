"""The tables of the orders of review."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.tables import measured


def order_table(found: Mapping[str, Any]) -> list[str]:
    """Of each corpus: answers that each order needs, and how it compares with random order."""
    cpu = sum(sum(c["cpu_seconds"].values()) for c in found["corpora"]) * found["seeds"]
    how = f"{found['seeds']} seeds, {found['noise']:.0%} of topics and spans wrong, {cpu:.0f} CPU s"
    lines = [measured(found, how)]
    for corpus in found["corpora"]:
        lines += ["", *_corpus(corpus, found["most"])]
    return lines


def _corpus(corpus: Mapping[str, Any], most: int) -> Iterator[str]:
    by_mark: dict[int, dict[str, Mapping[str, Any]]] = {}
    for row in corpus["rows"]:
        by_mark.setdefault(row["mark"], {})[row["order"]] = row
    yield (
        f"**{corpus['corpus']}**: {corpus['pool']:,} wait, the model learns anew after every "
        f"{corpus['step']} answers, {corpus['test']:,} test articles."
    )
    yield ""
    heads = [
        f"answers to {corpus['score']} {rows['random']['random_reaches']:.3f} (random's at {mark})"
        for mark, rows in by_mark.items()
    ]
    better = [f"above random at {mark}" for mark in by_mark]
    yield f"| order | {' | '.join(heads + better)} | words an answer |"
    yield "| --- " + "| ---: " * (2 * len(by_mark) + 1) + "|"
    for order in next(iter(by_mark.values())):
        rows = [by_mark[mark][order] for mark in by_mark]
        cells = [_needed(row, most) for row in rows] + [_better(row) for row in rows]
        yield f"| {order} | {' | '.join(cells)} | {rows[0]['words']:.0f} |"


def _needed(row: Mapping[str, Any], most: int) -> str:
    value, low, high = (_answers(row["needed"][part], most) for part in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _answers(value: float | None, most: int) -> str:
    return f"over {most:,}" if value is None else f"{value:,.0f}"


def _better(row: Mapping[str, Any]) -> str:
    if row["order"] == "random":
        return "–"
    found = row["better"]
    return f"{found['value']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]"
