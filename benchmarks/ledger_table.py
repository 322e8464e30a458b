"""The Markdown tables of bench-results/ledger.json."""

from collections.abc import Mapping
from typing import Any

from benchmarks.servers import OURS
from benchmarks.tables import measured, missed


def ledger_table(found: Mapping[str, Any]) -> list[str]:
    """What each pull cost, for each server and desk, with the ratio and the resolving."""
    how = f"{found['records']:,} records, {found['answered']:,} answered by {found['annotators']}"
    lines = [measured(found, how)]
    for run in found["runs"]:
        lines += [
            "",
            f"**{_title(run)}**",
            "",
            "| | read | new answers | requests | seconds | server CPU s | client CPU s |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
            *(_row(cost) for cost in [*run["costs"], run["resolving"]]),
            "",
            f"New answers against reconciling: {run['cpu_ratio']:.3f} of the CPU of both sides "
            f"(wanted: < .10){missed(run['met'])}, {run['seconds_ratio']:.3f} of the seconds.",
        ]
    return lines


def _title(run: Mapping[str, Any]) -> str:
    launcher = "Our launcher" if run["launcher"] == OURS else "Argilla's own command line"
    return (
        f"{launcher}; answers that complete a record: {run['min_submitted']}; "
        f"records in work: {run['in_work']:,}"
    )


def _row(cost: Mapping[str, Any]) -> str:
    new = f"{cost['new']:,}" if cost["kind"] else ""
    return (
        f"| {cost['name']} | {cost['kind']} | {new} | {cost['requests']} "
        f"| {cost['seconds']:.2f} | {cost['server_cpu']:.2f} | {cost['client_cpu']:.2f} |"
    )
