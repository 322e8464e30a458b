"""Argilla's suites: how each is run, how many cases must pass, and what is left out, and why."""

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from embedded.home import Home
from embedded.programs import argilla_python
from embedded.services import start, stop
from tests.conformance.downloads import PROJECT, test_packages, unpacked
from tests.conformance.runs import Outcome, outcome, run_pytest

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
WITHOUT_WARNINGS = ["-W", "ignore"]
PROPERTIES = ("properties", "other_properties", "deletions", "hostile")
PROPERTIES_LEAST = 131
SKIPPED_WITHOUT_TOKEN = "skipped by themselves for want of a token of the real Hub"


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
            command = [sys.executable, "-m", "pytest", "tests/integration", *WITHOUT_WARNINGS]
            report, _ = run_pytest(command, source, environment)
        finally:
            stop(home)
    return outcome("argilla SDK, integration", report, 114)


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
        command += WITHOUT_WARNINGS
        for name in EXCLUDED:
            command += ["--deselect", f"{CASES}::{name}"]
        environment = server_environment(Path(folder) / "home", folder)
        # The module's own condition for running at all; the conftest gives it our engine.
        environment["ARGILLA_SEARCH_ENGINE"] = "elasticsearch"
        report, output = run_pytest(command, Path(folder), environment)
    deselected = re.search(r"(\d+) deselected", output)
    excluded = int(deselected[1]) if deselected else 0
    return outcome("argilla-server, search engine", report, 92, excluded)


def property_suite(examples: int) -> Outcome:
    """Our properties against the plain-Python oracle, so many random worlds for each."""
    with tempfile.TemporaryDirectory(prefix="copydesk-conformance-") as folder:
        place = PROJECT / "tests" / "embedded" / "engine_properties"
        command = [str(argilla_python()), "-m", "pytest", *WITHOUT_WARNINGS]
        command += [str(place / f"{name}.py") for name in PROPERTIES]
        command += ["--import-mode=importlib", f"--confcutdir={place}"]
        environment = server_environment(Path(folder) / "home", str(PROJECT))
        environment["ENGINE_EXAMPLES"] = str(examples)
        report, _ = run_pytest(command, PROJECT, environment)
    return outcome("properties, against an oracle", report, PROPERTIES_LEAST)


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
