"""The team's stack: schema, health checks and worker of the stock server.

Where Elasticsearch would be stands tests/team/plain_engine.py; Docker does not run.
"""

import os
import subprocess
import time

import pytest

from argilla_settings.connection import connect, http
from argilla_settings.rest import send
from embedded.programs import argilla_python
from tests.team import compose
from tests.team.processes import TeamServer, postgres_binaries

pytestmark = pytest.mark.services


def test_the_schema_is_the_servers_own_on_postgres(team_server: TeamServer) -> None:
    password = team_server.environment["ARGILLA_DATABASE_URL"].split(":")[2].split("@")[0]
    asked = subprocess.run(
        [postgres_binaries() / "psql", "-h", team_server.postgres, "-U", "argilla", "-At", "-c",
         "SELECT version_num FROM alembic_version; SELECT version()"],
        env={**os.environ, "PGPASSWORD": password}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    revision, version = asked.stdout.splitlines()
    script = (
        "from importlib.util import find_spec; from pathlib import Path; "
        "from alembic.script import ScriptDirectory as S; "
        "print(S(Path(find_spec('argilla_server').origin).with_name('alembic'))"
        ".get_current_head())"
    )
    head = subprocess.run(
        [argilla_python(), "-c", script], capture_output=True, text=True, check=True
    )
    assert revision == head.stdout.strip()
    assert version.startswith("PostgreSQL ")
    assert http(connect(team_server.url, team_server.api_key)).get("/api/v1/status").json()[
        "search_engine"
    ] == {"name": "plain"}


@pytest.mark.parametrize("service", ["argilla", "worker"])
def test_health_checks_tell_a_running_service_from_a_dead_one(
    team_server: TeamServer, service: str
) -> None:
    _, _, flag, script = compose.services()[service]["healthcheck"]["test"]
    port = team_server.url.rpartition(":")[2]
    redis_url = team_server.environment["ARGILLA_REDIS_URL"]
    for up in (True, False):
        here = script.replace(":6900", f":{port if up else 9}")
        # Another database of the same Redis has no worker.
        environment = {"ARGILLA_REDIS_URL": redis_url if up else redis_url.removesuffix("0") + "9"}
        done = subprocess.run(
            [argilla_python(), flag, here],
            env={**os.environ, **environment},
            capture_output=True,
            check=False,
        )
        assert (done.returncode == 0) is up, done.stderr


def test_the_worker_does_the_servers_jobs(on_team_server: TeamServer) -> None:
    workspace = send(connect(), "POST", "workspaces", {"name": "for-the-worker"})
    new = send(connect(), "POST", "datasets", {
        "name": "worked", "workspace_id": workspace["id"],
        "distribution": {"strategy": "overlap", "min_submitted": 1},
    })  # fmt: skip
    address = f"datasets/{new['id']}"
    for kind in ("fields", "questions"):
        part = {"name": kind, "title": kind, "settings": {"type": "text"}, "required": True}
        send(connect(), "POST", f"{address}/{kind}", part)
    send(connect(), "PUT", f"{address}/publish")
    send(connect(), "POST", f"{address}/records/bulk", {"items": [{"fields": {"fields": "a"}}]})
    send(connect(), "PATCH", address, {"distribution": {"strategy": "overlap", "min_submitted": 2}})
    # The server leaves the job to Redis and the worker, whose log tells of it.
    log = on_team_server.folder / "worker.log"
    deadline = time.monotonic() + 60
    wanted = ("update_dataset_records_status_job", new["id"], "Job OK")
    while not all(part in log.read_text() for part in wanted):
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.5)
