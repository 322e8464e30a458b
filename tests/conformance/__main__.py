"""``python -m tests.conformance [--examples N]``: what `make conformance` runs.

Prints a table, writes it to ``build/conformance/result.txt``; fails if a case failed or is missing.
"""

import argparse
import sys

from tests.conformance.downloads import FOLDER
from tests.conformance.suites import (
    EXCLUDED,
    SKIPPED_WITHOUT_TOKEN,
    Outcome,
    engine_suite,
    property_suite,
    sdk_suite,
)

COLUMNS = "{:32} {:>7} {:>7} {:>8} {:>9}  {}"


def main(arguments: list[str]) -> int:
    """Run the suites; the exit status is 0 only if all of them are as they must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("--examples", type=int, default=50, help="data sets for each property")
    options = parser.parse_args(arguments)
    outcomes = []
    for run in (engine_suite, sdk_suite, lambda: property_suite(options.examples)):
        outcomes.append(run())
        sys.stdout.write(table(outcomes[-1:], heading=len(outcomes) == 1))
        sys.stdout.flush()
    text = table(outcomes) + exclusions() + "".join(map(failures, outcomes))
    (FOLDER / "result.txt").write_text(text, encoding="utf-8")
    sys.stdout.write(exclusions() + "".join(map(failures, outcomes)))
    return 0 if all(outcome.good for outcome in outcomes) else 1


def table(outcomes: list[Outcome], heading: bool = True) -> str:
    """A line for each suite."""
    lines = [COLUMNS.format("suite", "passed", "failed", "skipped", "excluded", "must pass")]
    lines = lines if heading else []
    for o in outcomes:
        state = f"{o.least}" if o.good else f"{o.least}: NOT REACHED"
        lines.append(COLUMNS.format(o.suite, o.passed, o.failed, o.skipped, o.excluded, state))
    return "\n".join(lines) + "\n"


def exclusions() -> str:
    """What is left out, and why."""
    lines = [f"  {name}*: {reason}" for name, reason in EXCLUDED.items()]
    skipped = f"The SDK's skipped cases are {SKIPPED_WITHOUT_TOKEN}."
    return "\n".join(["", "Excluded of argilla-server's cases:", *lines, skipped, ""])


def failures(outcome: Outcome) -> str:
    """Every failure with its message."""
    if outcome.good:
        return ""
    missing = outcome.least - outcome.passed
    lines = [f"\n{outcome.suite}: {outcome.failed} failed"]
    lines += [f"only {outcome.passed} passed of {outcome.least}"] if missing > 0 else []
    return "\n".join([*lines, *outcome.failures, ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
