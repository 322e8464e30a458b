"""An embedded Hub of a benchmark's own, its peak memory, and client processes beside it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from embedded.home import write_private
from embedded.ports import free_port
from embedded.programs import PROJECT

TOKEN = "hf_benchmark"
START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class HubServer:
    """A running Hub; `folder` is the benchmark's, with the Hub's files in `folder`/hub."""

    url: str
    pid: int
    folder: Path

    def peak_mb(self) -> float:
        """The most resident memory the server ever had, in MB (10^6 bytes)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        kilobytes = status.partition("VmHWM:")[2].split()[0]
        return round(int(kilobytes) * 1024 / 1e6, 1)

    def http(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def create_repo(self, name: str, kind: str = "model") -> str:
        with self.http() as http:
            body = {"name": name, "organization": "desk", "type": kind}
            http.post("/api/repos/create", json=body).raise_for_status()
        return f"desk/{name}"

    def client(self, *arguments: str, xet: bool = True) -> "subprocess.Popen[str]":
        """A process of `benchmarks.hub_clients` with a home of its own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        environment = {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": TOKEN,
            "HF_HOME": tempfile.mkdtemp(dir=self.folder),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.hub_clients", *arguments],
            env=kept | environment,
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def result(client: "subprocess.Popen[str]", order: str = "") -> dict[str, Any]:
    """What a client printed last; RuntimeError when it failed."""
    printed, _ = client.communicate(order, timeout=300)
    if client.returncode != 0:
        raise RuntimeError(f"{client.args!r} ended with exit code {client.returncode}")
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


@contextmanager
def hub_server() -> Iterator[HubServer]:
    """A Hub on an empty folder; both are gone after the block."""
    with tempfile.TemporaryDirectory(prefix="copydesk-bench-", dir=PROJECT.parent) as folder:
        top, port = Path(folder), free_port()
        account = {"name": "desk", "role": "write"}
        write_private(top / "tokens.json", json.dumps({TOKEN: account}))
        command = [sys.executable, "-m", "embedded.hub", "--root", str(top / "hub")]
        command += ["--port", str(port), "--tokens", str(top / "tokens.json")]
        process = subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL)
        try:
            server = HubServer(f"http://127.0.0.1:{port}", process.pid, top)
            _wait(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(20)


def _wait(server: HubServer, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{server.url}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError("The embedded Hub did not start: run python -m embedded.hub by hand")
