"""The search engine against an oracle, in the server's own environment: a short run.

`make conformance` runs the same properties for longer.
"""

import importlib.util
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded.programs import argilla_python
from tests.conformance.suites import PROPERTIES, PROPERTIES_LEAST

pytestmark = pytest.mark.long

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "tests" / "embedded" / "engine_properties"
# Of the product's environment; the server's has no test packages, and shares the interpreter.
BORROWED = (
    "_hypothesis_ftz_detector",
    "_hypothesis_globals",
    "_hypothesis_pytestplugin",
    "_pytest",
    "hypothesis",
    "iniconfig",
    "pluggy",
    "py",
    "pytest",
    "sortedcontainers",
)
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def in_server_environment(tmp_path: Path) -> Run:
    borrowed = tmp_path / "borrowed"
    borrowed.mkdir()
    for name in BORROWED:
        found = importlib.util.find_spec(name)
        assert found is not None and found.origin is not None
        origin = Path(found.origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        (borrowed / origin.name).symlink_to(origin)
    home = tmp_path / "argilla"
    home.mkdir()
    environment = {name: v for name, v in os.environ.items() if not name.startswith("ARGILLA_")}
    environment |= {
        "ARGILLA_HOME_PATH": str(home),
        "ARGILLA_AUTH_SECRET_KEY": "of-a-test",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONPATH": os.pathsep.join([str(borrowed), str(PROJECT)]),
    }

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(argilla_python()), "-m", *arguments]
        return subprocess.run(
            command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
        )

    return run


def test_engine_answers_like_the_oracle(in_server_environment: Run) -> None:
    # Of one process: loading the server costs more than some of them.
    options = ["-o", "addopts=", "--import-mode=importlib", f"--confcutdir={FOLDER}"]
    options += ["-q", "-W", "ignore", "-p", "no:cacheprovider"]
    files = [str(FOLDER / f"{name}.py") for name in PROPERTIES]
    done = in_server_environment("pytest", *options, *files)
    assert done.returncode == 0, done.stdout[-20_000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) >= PROPERTIES_LEAST


@pytest.mark.parametrize("call", [4, 5])
def test_what_a_crash_left_unindexed_is_found_after_the_next_start(
    in_server_environment: Run, call: int
) -> None:
    """Killed after a commit and before its indexing: of new records, or of a change."""
    crash = "tests.embedded.engine_properties.crash"
    killed = in_server_environment(crash, "log", str(call))
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-3000:]
    checked = in_server_environment(crash, "check")
    assert checked.returncode == 0, checked.stderr[-3000:]
    found = json.loads(checked.stdout.splitlines()[-1])
    assert found["records"]
    assert found["records"] == {record: [record] for record in found["records"]}
    assert sorted(found["all"]) == sorted(found["records"])
    assert sorted(found["near"]) == sorted(found["vectors"])
