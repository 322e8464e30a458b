"""``python -m tests.conformance [--examples N] [--only hub]``: what `make conformance` runs.

Prints a table, writes it to ``build/conformance/result.txt`` and, if all is well, into
docs/conformance.md; fails if a case failed or is missing.
"""

import argparse
import sys

from tests.conformance.downloads import FOLDER
from tests.conformance.hub_suite import hub_suite, lfs_suite, read_reasons
from tests.conformance.page import reason_table, result_table, write_tables
from tests.conformance.runs import Outcome
from tests.conformance.suites import (
    EXCLUDED,
    SKIPPED_WITHOUT_TOKEN,
    engine_suite,
    property_suite,
    sdk_suite,
)

COLUMNS = "{:32} {:>7} {:>7} {:>8} {:>9}  {}"


def main(arguments: list[str]) -> int:
    """Run the suites; the exit status is 0 only if all of them are as they must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("--examples", type=int, default=50, help="data sets for each property")
    parser.add_argument("--only", choices=("argilla", "hub"), help="the suites of one server")
    options = parser.parse_args(arguments)
    suites = {
        "argilla": (engine_suite, sdk_suite, lambda: property_suite(options.examples)),
        "hub": (hub_suite, lfs_suite),
    }
    wanted = [options.only] if options.only else list(suites)
    outcomes: list[Outcome] = []
    tables: dict[str, str] = {}
    for name in wanted:
        for run in suites[name]:
            outcomes.append(run())
            sys.stdout.write(table(outcomes[-1:], heading=len(outcomes) == 1))
            sys.stdout.flush()
        tables[name] = result_table(outcomes[-len(suites[name]) :])
    rest = "".join(EXCLUSIONS[name]() for name in wanted) + "".join(map(failures, outcomes))
    (FOLDER / "result.txt").write_text(table(outcomes) + rest, encoding="utf-8")
    sys.stdout.write(rest)
    if not all(outcome.good for outcome in outcomes):
        return 1
    if "hub" in wanted:
        tables["hub-reasons"] = reason_table(read_reasons())
    write_tables(tables)
    return 0


def table(outcomes: list[Outcome], heading: bool = True) -> str:
    """A line for each suite."""
    lines = [COLUMNS.format("suite", "passed", "failed", "skipped", "excluded", "must pass")]
    lines = lines if heading else []
    for o in outcomes:
        state = f"{o.least}" if o.good else f"{o.least}: NOT REACHED"
        state += f", {o.asked} asked our server (least {o.least_asked})" if o.least_asked else ""
        lines.append(COLUMNS.format(o.suite, o.passed, o.failed, o.skipped, o.excluded, state))
    return "\n".join(lines) + "\n"


def argilla_exclusions() -> str:
    """What is left out of Argilla's suites, and why."""
    lines = [f"  {name}*: {reason}" for name, reason in EXCLUDED.items()]
    skipped = f"The SDK's skipped cases are {SKIPPED_WITHOUT_TOKEN}."
    return "\n".join(["", "Excluded of argilla-server's cases:", *lines, skipped, ""])


def hub_exclusions() -> str:
    """What is left out of the suite of the Hub's client, how many cases for which reason."""
    reasons = sorted(read_reasons().items(), key=lambda item: -item[1])
    lines = [f"  {count:>4} {reason}" for reason, count in reasons]
    return "\n".join(["", "Excluded of huggingface_hub's cases:", *lines, ""])


def failures(outcome: Outcome) -> str:
    """Every failure with its message."""
    if outcome.good:
        return ""
    missing = outcome.least - outcome.passed
    lines = [f"\n{outcome.suite}: {outcome.failed} failed"]
    lines += [f"only {outcome.passed} passed of {outcome.least}"] if missing > 0 else []
    unasked = outcome.least_asked - outcome.asked
    lines += [f"only {outcome.asked} asked of {outcome.least_asked}"] if unasked > 0 else []
    return "\n".join([*lines, *outcome.failures, ""])


EXCLUSIONS = {"argilla": argilla_exclusions, "hub": hub_exclusions}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
