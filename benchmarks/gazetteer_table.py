"""The tables of suggestions by reviewed names."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.tables import measured


def gazetteer_table(found: Mapping[str, Any]) -> list[str]:
    """By size of the gold, by score, and how fast."""
    new = {row["corpus"]: row["new"] for row in found["rows"]}
    on = ", ".join(f"{n:,} new articles of {corpus}" for corpus, n in new.items())
    speed = found["speed"]
    return [
        measured(found, f"{found['seeds']} draws of the gold, {on}"),
        "",
        "| gold | articles | names | precision | recall | F1 | precision of every name |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *_sizes(found["rows"]),
        "",
        "| corpus, articles | score | suggestions | mean score | right |",
        "| --- | --- | ---: | ---: | ---: |",
        *_scores(found["rows"]),
        "",
        f"{speed['names']:,} names built in {speed['build']:.1f} CPU s, found in 10,000 articles "
        f"of {speed['characters']:,.0f} characters in {speed['ascii']:.1f} s, with a letter beyond "
        f"ASCII in each in {speed['other']:.1f} s.",
    ]


def _sizes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    every = {(r["corpus"], r["gold"]): r for r in rows if not r["minimum"]}
    return [
        f"| {row['corpus']} | {row['gold']:,} | {row['names']:,} | {_text(row['precision'])} "
        f"| {_text(row['recall'])} | {_text(row['f1'])} "
        f"| {_text(every[row['corpus'], row['gold']]['precision'])} |"
        for row in rows
        if row["minimum"]
    ]


def _scores(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"| {row['corpus']}, {row['gold']:,} | ≤ {group['up_to']} | {group['n']:,} "
        f"| {group['score']:.2f} | {group['right']:.2f} |"
        for row in rows
        if row["minimum"]
        for group in row["by_score"]
    ]


def _text(interval: Sequence[float]) -> str:
    value, low, high = interval
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
