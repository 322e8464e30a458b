"""huggingface_hub's own tests against our Hub, started as `copydesk up` starts it."""

import importlib.metadata
import json
import os
import runpy
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from embedded.home import Home, write_private
from embedded.services import start, stop
from tests.conformance.downloads import FOLDER, VERSIONS, test_packages, unpacked
from tests.conformance.runs import Outcome, outcome, run_pytest

EXCLUSIONS = Path(__file__).with_name("hub_exclusions.txt")
REASONS = FOLDER / "hub-exclusions.json"
STAGING = "https://hub-ci.huggingface.co"
# Their tests ask a Hub at a fixed address; some name it again, beside the constant.
ADDRESSED = ("testing_constants.py", "test_hf_api.py", "test_xet_upload.py")
# An account's full name is its name here.
FULL_NAMES = {
    "testing_constants.py": ('"Dummy User"', "USER"),
    "test_hf_api.py": ('"Dummy Hub Org"', '"valid_org_hub"'),
}


def hub_suite() -> Outcome:
    """With default client settings: uploads go by Xet."""
    return _run("huggingface_hub", least=1_441, least_asked=238)


def lfs_suite() -> Outcome:
    """Once more what moves files, with the setting that `copydesk env` exports."""
    chosen = ["-m", "transfer and not xet"]
    environment = {"HF_HUB_DISABLE_XET": "1"}
    return _run("huggingface_hub, without Xet", 75, 71, chosen, environment)


def _run(
    name: str,
    least: int,
    least_asked: int,
    chosen: Sequence[str] = (),
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Outcome:
    _require_pinned_client()
    source = unpacked("huggingface_hub")
    tests = source / "tests"
    for name in [name for name in os.environ if name.startswith("HF_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="copydesk-conformance-") as folder:
        home = Home(Path(folder) / "home")
        home.prepare()
        write_private(home.hub_tokens, json.dumps(_accounts(tests / "testing_constants.py")))
        try:
            endpoint = start(home, services=("hub",))["HF_ENDPOINT"]
            _point_to(tests, endpoint)
            command = [sys.executable, "-m", "pytest", "tests", *chosen]
            whole = _environment(endpoint, folder) | environment
            report, _ = run_pytest(command, source, whole)
        finally:
            stop(home)
    excluded = 0 if chosen else sum(read_reasons().values())
    return outcome(name, report, least, excluded, least_asked)


def read_reasons() -> dict[str, int]:
    """Reason → number of cases left out for it in the last run."""
    found: dict[str, int] = json.loads(REASONS.read_text(encoding="utf-8"))
    return found


def _require_pinned_client() -> None:
    installed = importlib.metadata.version("huggingface_hub")
    if installed != VERSIONS["huggingface_hub"]:
        raise SystemExit(
            f"error: huggingface_hub {installed} is installed, its tests are those of "
            f"{VERSIONS['huggingface_hub']}.\n  → Bring pins/product.txt and "
            "tests/conformance/downloads.py together."
        )


def _accounts(constants: Path) -> dict[str, dict[str, Any]]:
    """Token → account, under the names and tokens that the tests know."""
    known = runpy.run_path(str(constants))
    orgs = {"": ["valid_org_hub"], "OTHER_": [], "ENTERPRISE_": [known["ENTERPRISE_ORG"]]}
    return {
        known[f"{who}TOKEN"]: {"name": known[f"{who}USER"], "role": "write", "orgs": namespaces}
        for who, namespaces in orgs.items()
    }


def _point_to(tests: Path, endpoint: str) -> None:
    """The edits of the downloaded tests, and our conftest in the place of the one they lack."""
    shutil.copy(Path(__file__).with_name("hub_conftest.py"), tests / "conftest.py")
    (tests / "__init__.py").touch()
    edits = [(name, (STAGING, endpoint)) for name in ADDRESSED] + list(FULL_NAMES.items())
    for name, (old, new) in edits:
        file = tests / name
        text = file.read_text(encoding="utf-8")
        if old not in text:
            raise SystemExit(f"error: {file} does not name {old} any more: look what it does now.")
        file.write_text(text.replace(old, new), encoding="utf-8")


def _environment(endpoint: str, folder: str) -> dict[str, str]:
    return {
        "CONFORMANCE_EXCLUSIONS": str(EXCLUSIONS),
        "CONFORMANCE_REASONS": str(REASONS),
        "HF_ENDPOINT": endpoint,
        "HF_HOME": f"{folder}/hf",
        "PYTHONPATH": str(test_packages()),
        "TMPDIR": folder,
    }
