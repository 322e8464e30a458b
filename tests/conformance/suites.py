"""The suites: how each is run, how many cases must pass, and what is left out, with the reason."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded.home import Home
from embedded.programs import argilla_python
from embedded.services import start, stop
from tests.conformance.downloads import FOLDER, PROJECT, test_packages, unpacked

MAPPINGS = "compares the mappings of an Elasticsearch index; we have tables"
DOCUMENTS = "reads back the documents of an Elasticsearch index; our engine reads Argilla's tables"
COMMONS = "tests/unit/search_engine/test_commons.py"
CASES = f"{COMMONS}::TestBaseElasticAndOpenSearchEngine"
EXCLUDED = {
    "test_create_index_for_dataset": MAPPINGS,
    "test_create_metadata_property": MAPPINGS,
    "test_configure_metadata_property": MAPPINGS,
    "test_annotators_limits": MAPPINGS,
    "test_annotator_limits_increasing_default_fields_limit": MAPPINGS,
    "test_index_records": DOCUMENTS,
    "test_delete_records": DOCUMENTS,
    "test_update_record_response": DOCUMENTS,
    "test_delete_record_response": DOCUMENTS,
}
PROPERTIES = ("properties", "other_properties", "deletions", "hostile")
PROPERTIES_LEAST = 131
SKIPPED_WITHOUT_TOKEN = "skipped by themselves for want of a token of the real Hub"


@dataclass(frozen=True)
class Outcome:
    """What a suite gave; ``least`` is how many must pass, so that no suite shrinks in silence."""

    suite: str
    passed: int
    failed: int
    skipped: int
    excluded: int
    least: int
    failures: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Nothing failed and nothing is missing."""
        return not self.failed and self.passed >= self.least


def sdk_suite() -> Outcome:
    """The SDK's integration tests against a server started as `copydesk up` starts it."""
    source = unpacked("argilla")
    with tempfile.TemporaryDirectory(prefix="copydesk-conformance-") as folder:
        home = Home(Path(folder) / "home")
        for name in [name for name in os.environ if name.startswith(("ARGILLA_", "HF_"))]:
            del os.environ[name]
        try:
            environment = start(home, services=("argilla",))
            environment["HF_HUB_DISABLE_TELEMETRY"] = "1"
            environment["HF_HOME"] = f"{folder}/hf"
            environment["PYTHONPATH"] = str(test_packages())
            command = [sys.executable, "-m", "pytest", "tests/integration"]
            report, _ = _pytest(command, source, environment)
        finally:
            stop(home)
    return _outcome("argilla SDK, integration", report, 114)


def engine_suite() -> Outcome:
    """The server's own cases of search engine behaviour against our engine."""
    source = unpacked("argilla_server") / "tests"
    with tempfile.TemporaryDirectory(prefix="copydesk-conformance-") as folder:
        place = Path(folder) / Path(COMMONS).parent
        place.mkdir(parents=True)
        for package in (place, *place.parents[:2]):
            (package / "__init__.py").touch()
        shutil.copy(source / "unit" / "search_engine" / "test_commons.py", place)
        for file in ("database.py", "factories.py"):
            shutil.copy(source / file, Path(folder) / "tests")
        conftest = Path(__file__).with_name("server_conftest.py")
        shutil.copy(conftest, Path(folder) / "tests" / "conftest.py")
        command = [str(argilla_python()), "-m", "pytest", COMMONS, "--asyncio-mode=auto"]
        for name in EXCLUDED:
            command += ["--deselect", f"{CASES}::{name}"]
        environment = server_environment(Path(folder) / "home", folder)
        # The module's own condition for running at all; the conftest gives it our engine.
        environment["ARGILLA_SEARCH_ENGINE"] = "elasticsearch"
        report, output = _pytest(command, Path(folder), environment)
    deselected = re.search(r"(\d+) deselected", output)
    excluded = int(deselected[1]) if deselected else 0
    return _outcome("argilla-server, search engine", report, 92, excluded)


def property_suite(examples: int) -> Outcome:
    """Our properties against the plain-Python oracle, so many random worlds for each."""
    with tempfile.TemporaryDirectory(prefix="copydesk-conformance-") as folder:
        place = PROJECT / "tests" / "embedded" / "engine_properties"
        command = [str(argilla_python()), "-m", "pytest"]
        command += [str(place / f"{name}.py") for name in PROPERTIES]
        command += ["--import-mode=importlib", f"--confcutdir={place}"]
        environment = server_environment(Path(folder) / "home", str(PROJECT))
        environment["ENGINE_EXAMPLES"] = str(examples)
        report, _ = _pytest(command, PROJECT, environment)
    return _outcome("properties, against an oracle", report, PROPERTIES_LEAST)


def server_environment(home: Path, *pythonpath: str) -> dict[str, str]:
    """For a Python of the server's environment with a database of its own."""
    home.mkdir(parents=True)
    paths = [*pythonpath, str(test_packages()), str(PROJECT)]
    return {
        "ARGILLA_HOME_PATH": str(home),
        "ARGILLA_AUTH_SECRET_KEY": "of-a-test",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
    }


def _pytest(command: list[str], cwd: Path, environment: Mapping[str, str]) -> tuple[Path, str]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    report = FOLDER / "junit.xml"
    report.unlink(missing_ok=True)
    command = [*command, "-o", "addopts=", "-q", "-W", "ignore", f"--junitxml={report}"]
    command += ["-p", "no:cacheprovider"]
    whole = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(
        command, cwd=cwd, env=whole, stdout=subprocess.PIPE, text=True, check=False
    )
    if not report.exists():
        raise SystemExit(f"error: {' '.join(command)} gave no report:\n{done.stdout[-3000:]}")
    return report, done.stdout


def _outcome(suite: str, report: Path, least: int, excluded: int = 0) -> Outcome:
    cases = list(ET.parse(report).getroot().iter("testcase"))
    failures = [case for case in cases if case.find("failure") is not None]
    failures += [case for case in cases if case.find("error") is not None]
    skipped = sum(case.find("skipped") is not None for case in cases)
    names = {f"{c.get('classname', '')}::{c.get('name')}": _message(c) for c in failures}
    passed = len(cases) - skipped - len(names)
    lines = tuple(f"{name}\n    {message}" for name, message in names.items())
    return Outcome(suite, passed, len(names), skipped, excluded, least, lines)


def _message(case: ET.Element) -> str:
    found = case.find("failure")
    found = case.find("error") if found is None else found
    text = "" if found is None else found.get("message") or ""
    return text.strip().replace("\n", "\n    ")[:2000]
