"""Running a suite with pytest in a process of its own, and what its report says."""

import os
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.downloads import FOLDER


@dataclass(frozen=True)
class Outcome:
    """What a suite gave; ``least`` is how many must pass, so that no suite shrinks in silence.

    ``asked`` counts the passed cases that asked a server of ours themselves, where that is known.
    """

    suite: str
    passed: int
    failed: int
    skipped: int
    excluded: int
    least: int
    failures: tuple[str, ...]
    asked: int = 0
    least_asked: int = 0

    @property
    def good(self) -> bool:
        """Nothing failed and nothing is missing."""
        enough = self.passed >= self.least and self.asked >= self.least_asked
        return not self.failed and enough


def run_pytest(command: list[str], cwd: Path, environment: Mapping[str, str]) -> tuple[Path, str]:
    """The JUnit report and the output; SystemExit when pytest gave no report."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    report = FOLDER / "junit.xml"
    report.unlink(missing_ok=True)
    command = [*command, "-o", "addopts=", "-q", f"--junitxml={report}"]
    command += ["-p", "no:cacheprovider"]
    whole = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(
        command, cwd=cwd, env=whole, stdout=subprocess.PIPE, text=True, check=False
    )
    if not report.exists():
        raise SystemExit(f"error: {' '.join(command)} gave no report:\n{done.stdout[-3000:]}")
    return report, done.stdout


def outcome(
    suite: str, report: Path, least: int, excluded: int = 0, least_asked: int = 0
) -> Outcome:
    """What a JUnit report says."""
    cases = list(ET.parse(report).getroot().iter("testcase"))
    failures = [case for case in cases if case.find("failure") is not None]
    failures += [case for case in cases if case.find("error") is not None]
    skipped = sum(case.find("skipped") is not None for case in cases)
    names = {f"{c.get('classname', '')}::{c.get('name')}": _message(c) for c in failures}
    passed = len(cases) - skipped - len(names)
    asked = sum(_asked(case) for case in cases if case not in failures)
    lines = tuple(f"{name}\n    {message}" for name, message in names.items())
    return Outcome(suite, passed, len(names), skipped, excluded, least, lines, asked, least_asked)


def _asked(case: ET.Element) -> bool:
    path = "properties/property[@name='asked']"
    return any(found.get("value") != "0" for found in case.findall(path))


def _message(case: ET.Element) -> str:
    found = case.find("failure")
    found = case.find("error") if found is None else found
    text = "" if found is None else found.get("message") or ""
    return text.strip().replace("\n", "\n    ")[:2000]
