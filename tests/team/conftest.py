"""The stock argilla-server on a real Postgres and a real Redis, as deploy/compose.yaml runs it.

Only Elasticsearch is missing: tests/team/plain_engine.py stands in its place.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argilla_settings.connection import connect
from argilla_settings.import_server import import_server
from argilla_settings.rest import send
from argilla_settings.simulated_review import annotator_keys, review
from corpus.errors import DeskError
from corpus.ledger import Ledger
from corpus.moves import read_moves
from corpus.review_state import open_ledger
from embedded.ports import HOST, free_port
from embedded.programs import redis_server
from flows.load_news import LoadNews, load_news
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.running import Services
from tests.team import compose
from tests.team.moving import BATCH, DESK, KNOBS, NAME, articles, killed_import
from tests.team.processes import (
    Running,
    TeamServer,
    answers,
    postgres_binaries,
    read,
    replace,
    stock,
    wait_for,
)

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A stack of its own takes minutes."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.long)


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


@pytest.fixture(scope="session")
def reviewed(services: Services) -> Ledger:
    """A batch that was loaded, answered and pulled on the embedded server."""
    load_news(LoadNews(overrides=KNOBS, limit=BATCH))
    ledger, keys = open_ledger(DESK), annotator_keys(services.home.accounts)
    assert review(DESK, articles(), keys, ledger.append_simulated) == 3 * BATCH
    assert pull_reviewed(PullReviewed(overrides=KNOBS)).new_answers == 3 * BATCH
    return ledger


@pytest.fixture(scope="session")
def exported(reviewed: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("team") / "argilla.zip"
    done = subprocess.run(
        [sys.executable, "-m", "copydesk", "export-argilla", str(file), "--dataset", NAME],
        capture_output=True,
        cwd=compose.PROJECT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{BATCH} records, {3 * BATCH} answers (data sets: 1) are in {file}" in done.stdout
    assert f"{NAME}: {BATCH} records, {3 * BATCH} answers" in done.stderr
    return file


@pytest.fixture
def on_team_server(team_server: TeamServer, monkeypatch: pytest.MonkeyPatch) -> TeamServer:
    """This test's process, and what it starts, talk to the team's server."""
    monkeypatch.setenv("ARGILLA_API_URL", team_server.url)
    monkeypatch.setenv("ARGILLA_API_KEY", team_server.api_key)
    return team_server


@pytest.fixture(scope="session")
def accounts(exported: Path) -> Path:
    return exported.with_name("accounts.json")


@pytest.fixture(scope="session")
def moved(team_server: TeamServer, exported: Path, accounts: Path, reviewed: Ledger) -> Ledger:
    """The batch on the team's server, after an import that was killed and then continued."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ARGILLA_API_URL", team_server.url)
        environment.setenv("ARGILLA_API_KEY", team_server.api_key)
        client = connect()
        # The team has this person already, under an id of its own.
        person = {"username": "annotator-2", "first_name": "Bo", "role": "annotator",
                  "password": "long enough, here"}  # fmt: skip
        send(client, "POST", "users", person)
        killed_import(exported, accounts)
        with pytest.raises(DeskError, match="has not finished"):
            pull_reviewed(PullReviewed(overrides=KNOBS))
        assert len(read_moves(reviewed).answers) >= 15
        added = import_server(client, exported, accounts, lambda workspace, name: reviewed)
        assert 0 < added.records < BATCH
        assert added.different == 0
    return reviewed
