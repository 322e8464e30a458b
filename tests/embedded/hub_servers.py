"""Embedded Hubs of a test's own, on a folder of the test."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

TOKENS = {
    "hf_desk": {"name": "copydesk", "role": "write", "orgs": ["newsroom"]},
    "hf_stranger": {"name": "stranger", "role": "write"},
    "hf_reader": {"name": "copydesk", "role": "read"},
}


def write_tokens(folder: Path, tokens: object = None) -> Path:
    path = folder / "tokens.json"
    path.write_text(json.dumps(TOKENS if tokens is None else tokens))
    path.chmod(0o600)
    return path


def start(folder: Path, port: int, wrapper: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    command = [*wrapper, sys.executable, "-m", "embedded.hub", "--root", str(folder / "hub")]
    command += ["--port", str(port), "--tokens", str(write_tokens(folder))]
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


@contextmanager
def running(
    folder: Path, wrapper: Sequence[str] = ()
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Address and process; `wrapper` is a command that runs the rest of its arguments."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start(folder, port, wrapper)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 20
        while not answers(endpoint):
            assert time.monotonic() < deadline, (folder / "log.txt").read_text()
            time.sleep(0.05)
        yield endpoint, process
    finally:
        process.kill()
        process.wait(10)


def answers(endpoint: str) -> bool:
    try:
        return httpx.get(f"{endpoint}/healthz").status_code == 200
    except httpx.TransportError:
        return False
