"""Clients in processes of their own.

`HF_ENDPOINT` is read when the libraries are imported, caches outlive a repository and the client
remembers what it uploaded: every group of checks has a fresh process and a fresh `HF_HOME`.
"""

import json
import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.processes import output_of
from tests.running import HubService, Services

PROJECT = Path(__file__).resolve().parents[2]
Findings = dict[str, Any]


@pytest.fixture(scope="module")
def environment(
    hub_service: HubService, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What a user sets, and nothing else of the clients' settings: uploads go by Xet."""
    home = tmp_path_factory.mktemp("clients")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}",
        "PYTHONPATH": str(PROJECT),
        "HF_ENDPOINT": hub_service.endpoint,
        "HF_TOKEN": hub_service.token,
        "HF_HOME": str(home / "hf"),
        "HOME": str(home),
        "TMPDIR": str(home),
    }


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest, environment: dict[str, str]) -> Findings:
    """What the module's CLIENT, another module of this package, prints as its last line of JSON."""
    client = request.module.CLIENT
    repo = f"copydesk/{client.replace('_', '-')}-{uuid.uuid4().hex[:8]}"
    command = [sys.executable, "-m", f"tests.clients.{client}", repo]
    printed = output_of(command, environment, timeout_seconds=180)
    findings: Findings = json.loads(printed.splitlines()[-1])
    return findings


@pytest.fixture
def xorbs(services: Services) -> Callable[[], int]:
    """How many Xet containers the Hub has been sent so far."""
    folder = services.home.root / "hub" / "xorbs"
    return lambda: sum(path.is_file() for path in folder.rglob("*"))
