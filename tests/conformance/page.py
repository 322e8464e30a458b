"""The tables of docs/conformance.md, which a good run writes anew."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.conformance.downloads import PROJECT
from tests.conformance.runs import Outcome

PAGE = PROJECT / "docs" / "conformance.md"


def result_table(outcomes: Sequence[Outcome]) -> str:
    """A row for each suite; whether a test asked our server is known of the Hub's only."""
    asks = any(outcome.least_asked for outcome in outcomes)
    head = ["Suite", "Passed", "of these asked our Hub", "Failed", "Skipped", "Excluded"]
    rows = [
        [o.suite, f"{o.passed:,}", f"{o.asked:,}", o.failed, o.skipped, f"{o.excluded:,}", _must(o)]
        for o in outcomes
    ]
    table = [[*head, "Must pass"], ["---"] * 7, *rows]
    shown = [row if asks else row[:2] + row[3:] for row in table]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in shown)


def reason_table(reasons: Mapping[str, int]) -> str:
    """How many cases are left out for each reason, most first."""
    rows = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"| {count} | {reason} |" for reason, count in rows]
    return "\n".join(["| Cases | Reason |", "| --- | --- |", *lines])


def write_tables(tables: Mapping[str, str], page: Path = PAGE) -> None:
    """Puts each table between the two comments that name it; ValueError where they are missing."""
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        mark = f"<!-- {name}: written by make conformance -->"
        pattern = re.compile(rf"({re.escape(mark)}\n).*?(\n<!-- end -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"{page} lacks {mark!r}: put it, and <!-- end -->, round the table")
        text = pattern.sub(lambda found, table=table: f"{found[1]}{table}{found[2]}", text)
    page.write_text(text, encoding="utf-8")


def _must(outcome: Outcome) -> str:
    asked = f", {outcome.least_asked:,} asked" if outcome.least_asked else ""
    return f"{outcome.least:,}{asked}"
