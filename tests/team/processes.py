"""Processes of the team's stack: started as the compose file says, and waited for."""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from embedded.programs import argilla_python

START_SECONDS = 120
LAUNCHER = Path(__file__).with_name("plain_engine.py")


@dataclass(frozen=True)
class TeamServer:
    """The running server; ``environment`` is that of the compose file, with addresses of here."""

    url: str
    api_key: str = field(repr=False)
    environment: dict[str, str] = field(repr=False)
    postgres: Path
    folder: Path


def postgres_binaries() -> Path:
    """The folder of initdb and postgres; such tests skip where there is none."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    for folder in found:
        if (folder / "postgres").exists():
            return folder
    pytest.skip("Postgres is not installed; make postgres installs it (root on Debian or Ubuntu)")


class Running:
    """A process of the launcher, ended warm at the end of the block."""

    def __init__(
        self, folder: Path, name: str, arguments: list[str], environment: dict[str, str]
    ) -> None:
        self.log = (folder / f"{name}.log").open("wb")
        self.process = subprocess.Popen(
            [argilla_python(), LAUNCHER, *arguments],
            stdout=self.log,
            stderr=self.log,
            # Wide, so that the log does not break ids.
            env={**os.environ, **environment, "COLUMNS": "400"},
            cwd=folder,
        )

    def __enter__(self) -> "subprocess.Popen[bytes]":
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def stock(command: list[str], environment: dict[str, str]) -> str:
    """Run a command of the compose file in the Argilla environment: nothing of ours is loaded."""
    done = subprocess.run(
        [argilla_python(), *command[1:]],
        env={**os.environ, **environment, "ARGILLA_SEARCH_ENGINE": "elasticsearch"},
        cwd=environment["ARGILLA_HOME_PATH"].rsplit("/", 1)[0],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def replace(environment: dict[str, str], name: str, old: str, new: str) -> None:
    """Put an address of here into a value; the value must have had the compose file's."""
    assert old in environment[name]
    environment[name] = environment[name].replace(old, new)


def wait_for(name: str, process: "subprocess.Popen[bytes]", ready: Any) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        assert process.poll() is None, f"{name} ended; see its log"
        assert time.monotonic() < deadline, f"{name} is not ready"
        time.sleep(0.2)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def read(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()
