"""The stock argilla-server on a real Postgres and a real Redis, as deploy/compose.yaml runs it.

Only Elasticsearch is missing: tests/team/plain_engine.py stands in its place.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from embedded.ports import HOST, free_port
from embedded.programs import argilla_python, redis_server
from tests.team import compose

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


@pytest.fixture(scope="session")
def team_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="copydesk-team-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(team_folder: Path) -> Iterator[tuple[Path, str]]:
    """A cluster of the session's own behind a unix socket; the socket's folder and a password."""
    binaries = postgres_binaries()
    root = team_folder / "postgres"
    root.mkdir(mode=0o700)
    who: dict[str, Any] = {"cwd": root}
    if os.getuid() == 0:
        # Postgres refuses to run as root.
        who |= {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(root, "nobody", "nogroup")
        team_folder.chmod(0o711)
    password = secrets.token_hex(32)
    secret = root / "password"
    secret.write_text(password)
    shutil.chown(secret, who.get("user", os.getuid()))
    initdb = [binaries / "initdb", "-D", root / "data", "-U", "argilla", "-A", "scram-sha-256"]
    initdb += ["--encoding=UTF8", "--no-sync", f"--pwfile={secret}"]
    subprocess.run(initdb, check=True, capture_output=True, **who)
    secret.unlink()
    command = [binaries / "postgres", "-D", root / "data", "-k", root, "-c", "listen_addresses="]
    command += ["-c", "fsync=off", "-c", "max_connections=60"]
    log = (team_folder / "postgres.log").open("wb")
    with log, subprocess.Popen(command, stdout=log, stderr=log, **who) as running:
        try:
            wait_for("postgres", running, lambda: (root / ".s.PGSQL.5432").exists())
            admin = {**os.environ, "PGPASSWORD": password}
            create = [binaries / "createdb", "-h", root, "-U", "argilla", "argilla"]
            made = None
            while made is None or (made.returncode and b"starting up" in made.stderr):
                made = subprocess.run(create, env=admin, capture_output=True, check=False)
            assert made.returncode == 0, made.stderr
            yield root, password
        finally:
            # Ends open connections; a fast shutdown.
            running.send_signal(signal.SIGINT)


@pytest.fixture(scope="session")
def redis(team_folder: Path) -> Iterator[tuple[int, str]]:
    """Redis with the compose file's own command; its port and password."""
    port, password = free_port(), secrets.token_hex(32)
    data = team_folder / "redis"
    data.mkdir(mode=0o700)
    (shell, flag, script) = compose.services()["redis"]["command"]
    script = script.replace("$$", "$").replace("/tmp/redis.conf", f"{data}/redis.conf")
    script = script.replace("dir /data", f"dir {data}\\nport {port}\\nbind {HOST}")
    script = script.replace("exec redis-server", f"exec {redis_server()}")
    environment = {**os.environ, "REDIS_PASSWORD": password}
    log = (team_folder / "redis.log").open("wb")
    with (
        log,
        subprocess.Popen([shell, flag, script], stdout=log, stderr=log, env=environment) as running,
    ):
        try:
            wait_for("redis", running, lambda: b"Ready to accept" in read(team_folder, "redis.log"))
            yield port, password
        finally:
            running.terminate()


@pytest.fixture(scope="session")
def team_server(
    team_folder: Path, postgres: tuple[Path, str], redis: tuple[int, str]
) -> Iterator[TeamServer]:
    """Migrations, a first owner, the server and its worker: the commands of the compose file."""
    socket, postgres_password = postgres
    redis_port, redis_password = redis
    values = compose.random_secrets() | {
        "POSTGRES_PASSWORD": postgres_password,
        "REDIS_PASSWORD": redis_password,
    }
    environment = compose.environment("argilla", values) | {
        "ARGILLA_HOME_PATH": str(team_folder / "argilla"),
        "ARGILLA_SEARCH_ENGINE": "plain",
        "HF_HUB_OFFLINE": "1",
    }
    replace(
        environment, "ARGILLA_DATABASE_URL", "@postgres:5432/argilla", f"@/argilla?host={socket}"
    )
    replace(environment, "ARGILLA_REDIS_URL", "@redis:6379", f"@{HOST}:{redis_port}")
    stock(compose.services()["migrations"]["command"], environment)
    owner = ["--username", "lead", "--first-name", "Lead", "--role", "owner"]
    owner += ["--password", secrets.token_urlsafe(18)]
    create = ["python", "-m", "argilla_server", "database", "users", "create"]
    (api_key,) = re.findall(r"api_key: '(.+)'", stock([*create, *owner], environment))
    port = free_port()
    settings = compose.services()
    serve = settings["argilla"]["command"][3:]
    assert serve == ["argilla_server:app", "--host", "0.0.0.0", "--port", "6900"]
    serve = ["argilla_server:app", "--host", HOST, "--port", str(port)]
    work = settings["worker"]["command"][3:]
    with (
        Running(team_folder, "argilla", serve, environment) as server,
        Running(team_folder, "worker", work, environment),
    ):
        url = f"http://{HOST}:{port}"
        wait_for("argilla", server, lambda: answers(f"{url}/api/v1/status"))
        yield TeamServer(url, api_key, environment, socket, team_folder)


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
