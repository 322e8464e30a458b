"""docs/benchmarks.md from bench-results/*.json: the page cannot drift from the runs.

    make bench-page         (.venv/bin/python -m benchmarks.page)

Text stands in docs/benchmarks.md itself; only what is between the markers of a section is written.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.entity_models.table import entities_table
from benchmarks.gazetteer_table import gazetteer_table
from benchmarks.instructions_table import instructions_table
from benchmarks.label_errors_table import label_errors_table
from benchmarks.ledger_table import ledger_table
from benchmarks.prediction_table import prediction_table
from benchmarks.resolve_table import resolve_table
from benchmarks.results import FOLDER, say
from benchmarks.review_order.table import order_table
from benchmarks.suggestion_table import suggestion_table
from benchmarks.tables import annotators_table, hub_table, large_table, logging_table
from benchmarks.topic_table import topics_table
from benchmarks.worth_table import worth_table

PAGE = Path("docs/benchmarks.md")
SECTIONS: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "logging": logging_table,
    "large_review": large_table,
    "annotators": annotators_table,
    "ledger": ledger_table,
    "hub": hub_table,
    "topics": topics_table,
    "prediction": prediction_table,
    "entity_models": entities_table,
    "worth": worth_table,
    "instructions": instructions_table,
    "resolve": resolve_table,
    "suggestion_pull": suggestion_table,
    "gazetteer": gazetteer_table,
    "order": order_table,
    "label_errors": label_errors_table,
}


def main() -> None:
    """Write every section that has results."""
    text = PAGE.read_text(encoding="utf-8")
    for name, render in SECTIONS.items():
        file = FOLDER / f"{name}.json"
        if not file.exists():
            say(f"{name}: no {file}, its section stays as it is")
            continue
        text = with_section(text, name, render(json.loads(file.read_text(encoding="utf-8"))))
        say(f"{name}: written")
    PAGE.write_text(text, encoding="utf-8")


def with_section(text: str, name: str, lines: list[str]) -> str:
    """The page with this section's generated lines replaced."""
    begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
    section = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not section.search(text):
        sys.exit(f"error: {PAGE} lacks the markers {begin} … {end}\n  → Put them back.")
    body = "\n".join([begin, "", *lines, "", end])
    return section.sub(lambda _: body, text)


if __name__ == "__main__":
    main()
