"""What the session fixtures give to tests."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedded.home import Home


@dataclass(frozen=True)
class Services:
    """The running services of the test session; ``environment`` is what `env` exports."""

    home: Home
    environment: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class ArgillaService:
    """The Argilla server; ``credentials`` is the accounts file's content."""

    api_url: str
    credentials: dict[str, dict[str, str]] = field(repr=False)
    workspace: str = ""


@dataclass(frozen=True)
class HubService:
    """The embedded Hub with a writer's and a reader's token."""

    endpoint: str
    token: str = field(repr=False)
    read_token: str = field(repr=False)


def run_plain_client(services: Services, script: str, hf_home: Path) -> Any:
    """The last line, as JSON, that a script prints in a process with a fresh cache of its own."""
    variables = {name: value for name, value in os.environ.items() if name != "HF_HOME"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**variables, **services.environment, "HF_HOME": str(hf_home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
