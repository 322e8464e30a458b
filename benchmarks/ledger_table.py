"""The Markdown tables of bench-results/ledger.json."""

from collections.abc import Mapping
from typing import Any

from benchmarks.tables import measured, missed

SERVERS = {"ours": "our launcher", "stock": "Argilla's own command line"}


def ledger_table(found: Mapping[str, Any]) -> list[str]:
    """What each pull cost, for each server; then the ratio and the resolving."""
    how = f"{found['records']:,} records, {found['answered']:,} answered by {found['annotators']}"
    lines = [measured(found, how)]
    for name, title in SERVERS.items():
        server = found["servers"][name]
        lines += [
            "",
            f"| {title} | read | new answers | requests | seconds | server CPU s | client CPU s |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
            *(_row(cost) for cost in server["costs"]),
        ]
    return [
        *lines,
        "",
        "| | ours | stock | wanted |",
        "| --- | ---: | ---: | ---: |",
        *_ends(found),
    ]


def _row(cost: Mapping[str, Any]) -> str:
    return (
        f"| {cost['name']} | {cost['kind']} | {cost['new']:,} | {cost['requests']} "
        f"| {cost['seconds']:.2f} | {cost['server_cpu']:.2f} | {cost['client_cpu']:.2f} |"
    )


def _ends(found: Mapping[str, Any]) -> list[str]:
    ours, stock = (found["servers"][name] for name in SERVERS)
    ratios = [f"{s['cpu_ratio']:.3f}{missed(s['met'])}" for s in (ours, stock)]
    gold = [
        f"{s['resolving']['seconds']:.1f}, {s['resolving']['client_cpu']:.1f}"
        for s in (ours, stock)
    ]
    return [
        f"| {found['new_answers']} new answers against reconciling, CPU of both sides "
        f"| {' | '.join(ratios)} | < .10 |",
        f"| the same in seconds | {ours['seconds_ratio']:.3f} | {stock['seconds_ratio']:.3f} | |",
        f"| resolving the gold afterwards: seconds, CPU s | {' | '.join(gold)} | |",
    ]
