"""Copydesk on the team's stack: stock argilla-server, Postgres, Redis and a real worker.

Where Elasticsearch would be stands tests/team/plain_engine.py; Docker does not run.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from argilla_settings.connection import connect, http
from argilla_settings.export_server import export_server
from argilla_settings.import_server import import_server
from argilla_settings.news import find_dataset
from argilla_settings.rest import read_items, send
from argilla_settings.simulated_review import annotator_keys, review
from corpus.articles import Article
from corpus.desk import read_desk
from corpus.errors import DeskError
from corpus.ledger import Ledger, current_entries
from corpus.moves import read_moves
from corpus.review_state import open_ledger
from corpus.sources.read import read_articles
from embedded.programs import argilla_python
from flows.curate import Curate, curate
from flows.load_news import LoadNews, load_news
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.running import Services
from tests.team import compose
from tests.team.conftest import TeamServer, postgres_binaries

pytestmark = pytest.mark.services

BATCH = 16
NAME = "moving"
KNOBS: dict[str, Any] = {
    "name": NAME,
    "workspace": "newsroom",
    "review.blind_share": 0.25,
    "splits.validation": 0.2,
    "models.topics.max_steps": 2,
    "models.topics.max_length_tokens": 32,
    "models.entities.epochs": 1,
    "models.entities.max_length_tokens": 64,
    "models.entities.stride_tokens": 16,
    "publish.dataset": "copydesk/moving",
    "publish.topic_model": "copydesk/moving-topics",
    "publish.entity_model": "copydesk/moving-entities",
}
DESK = read_desk("desk.yaml", KNOBS)


def articles(skip: int = 0) -> list[Article]:
    return list(read_articles(DESK.source, DESK.labels).articles[skip : skip + BATCH])


@pytest.fixture(scope="module")
def reviewed(services: Services) -> Ledger:
    """A batch that was loaded, answered and pulled on the embedded server."""
    load_news(LoadNews(overrides=KNOBS, limit=BATCH))
    ledger, keys = open_ledger(DESK), annotator_keys(services.home.accounts)
    assert review(DESK, articles(), keys, ledger.append_simulated) == 3 * BATCH
    assert pull_reviewed(PullReviewed(overrides=KNOBS)).new_answers == 3 * BATCH
    return ledger


@pytest.fixture(scope="module")
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


def killed_import(file: Path, accounts: Path) -> None:
    """The command, with small batches, killed when it says that some are there."""
    script = (
        "import argilla_settings.import_records as r; r.PAGE = 5; "
        "from copydesk.commands import main; main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, "import-argilla", str(file), "--accounts", str(accounts)],
        stderr=subprocess.PIPE,
        cwd=compose.PROJECT,
        text=True,
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if f"{NAME}: 5 of {BATCH}" in line:
                running.kill()
                break
    assert running.returncode == -9


@pytest.fixture(scope="module")
def accounts(exported: Path) -> Path:
    return exported.with_name("accounts.json")


@pytest.fixture(scope="module")
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


def test_the_ledger_does_not_notice_the_move(
    moved: Ledger, on_team_server: TeamServer, tmp_path: Path
) -> None:
    before = moved.entries()
    assert pull_reviewed(PullReviewed(overrides=KNOBS)).new_answers == 0
    assert moved.entries() == before
    # A ledger that never saw the old server, with what the import noted.
    fresh = Ledger(str(tmp_path), NAME)
    for kind in ("people", "moved", "imports"):
        shutil.copytree(f"{moved.root}/{kind}", f"{fresh.root}/{kind}")
    elsewhere = PullReviewed(overrides={**KNOBS, "state": str(tmp_path)})
    assert pull_reviewed(elsewhere).new_answers == 3 * BATCH
    assert set(fresh.entries()) == set(before)
    assert fresh.articles() == moved.articles()


def test_importing_again_changes_nothing(
    moved: Ledger, on_team_server: TeamServer, exported: Path, accounts: Path, tmp_path: Path
) -> None:
    logins, noted = accounts.read_bytes(), read_moves(moved)
    export_server(connect(), tmp_path / "one.zip")
    added = import_server(connect(), exported, accounts, lambda workspace, name: moved)
    assert (added.records, added.answers, added.different) == (0, 0, 0)
    assert accounts.read_bytes() == logins
    assert read_moves(moved) == noted
    export_server(connect(), tmp_path / "two.zip")
    assert lines_of(tmp_path / "one.zip") == lines_of(tmp_path / "two.zip")


def lines_of(export: Path) -> dict[str, bytes]:
    """What an export holds, without its manifest, which says when it was made."""
    with zipfile.ZipFile(export) as archive:
        names = [name for name in archive.namelist() if not name.startswith("manifest")]
        assert len(names) > 2
        return {name: archive.read(name) for name in names}


def test_people_come_with_new_secrets_in_one_private_file(
    moved: Ledger, on_team_server: TeamServer, accounts: Path, services: Services
) -> None:
    assert accounts.stat().st_mode & 0o777 == 0o600
    made = json.loads(accounts.read_text())
    assert {"owner", "admin", "annotator-1", "annotator-3"} <= set(made)
    assert "annotator-2" not in made
    old = json.loads(services.home.accounts.read_text())
    for name, account in made.items():
        assert account["api_key"] != old.get(name, {}).get("api_key")
        me = http(connect(api_key=account["api_key"], manage=False)).get("/api/v1/me").json()
        assert (me["username"], me["role"]) == (name, account["role"])
        form = {"username": name, "password": account["password"]}
        assert http(connect()).post("/api/v1/token", data=form).status_code == 201
    workspace = next(
        w for w in read_items(connect(), "me/workspaces") if w["name"] == DESK.workspace
    )
    members = read_items(connect(), f"workspaces/{workspace['id']}/users")
    assert {"annotator-1", "annotator-2", "annotator-3"} <= {m["username"] for m in members}


def test_an_edit_on_the_new_server_is_newer(
    moved: Ledger, on_team_server: TeamServer, accounts: Path
) -> None:
    pull_reviewed(PullReviewed(overrides=KNOBS))
    before = current_entries(moved.entries())
    dataset = find_dataset(connect(), DESK)
    assert dataset is not None
    rows = http(connect()).get(f"/api/v1/datasets/{dataset.id}/records").json()["items"]
    key = json.loads(accounts.read_text())["annotator-1"]["api_key"]
    values = {"topic": {"value": "Sports"}, "entities": {"value": []}}
    edit = {"record_id": rows[0]["id"], "status": "submitted", "values": values}
    person = connect(api_key=key, manage=False)
    (sent,) = send(person, "POST", "me/responses/bulk", {"items": [edit]})["items"]
    assert sent["error"] is None
    assert pull_reviewed(PullReviewed(overrides=KNOBS)).new_answers == 1
    after = current_entries(moved.entries())
    assert set(after) == set(before)
    ((key_of_it, entry),) = [(k, e) for k, e in after.items() if before[k] != e]
    assert key_of_it[0] == rows[0]["external_id"]
    assert (entry.response.topic, entry.response.spans) == ("Sports", ())
    assert entry.response.answered_at > before[key_of_it].response.answered_at


def test_the_worker_does_the_servers_jobs(moved: Ledger, on_team_server: TeamServer) -> None:
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


def test_a_whole_round_runs_there(
    moved: Ledger, on_team_server: TeamServer, accounts: Path, tmp_path: Path
) -> None:
    keys = json.loads(accounts.read_text())
    theirs = next(u for u in read_items(connect(), "users") if u["username"] == "annotator-2")
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps({**keys, "annotator-2": theirs}))
    report = curate(Curate(overrides=KNOBS, skip=BATCH, limit=BATCH, simulate_with=str(file)))
    assert report.loaded.new == BATCH
    assert report.simulated_answers == report.new_answers == 3 * BATCH
    # The three are who they were: on the old server, and under another id on this one.
    assert report.gold.annotators == 3
    assert len(report.gold.reviewed) + len(report.gold.quarantined) == 2 * BATCH
    assert moved.simulated() == set(current_entries(moved.entries()))
    assert [item.changed for item in report.published.items] == [True, True, True]
    again = curate(Curate(overrides=KNOBS, skip=BATCH, limit=BATCH, simulate_with=str(file)))
    assert (again.loaded.new, again.simulated_answers, again.new_answers) == (0, 0, 0)
    assert [item.changed for item in again.published.items] == [False, False, False]


def test_the_way_back(
    moved: Ledger,
    team_server: TeamServer,
    services: Services,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = connect(team_server.url, team_server.api_key)
    found = export_server(there, tmp_path / "back.zip", [NAME])
    old = find_dataset(connect(), DESK)
    assert old is not None
    old.delete()
    before = current_entries(moved.entries())
    added = import_server(
        connect(), tmp_path / "back.zip", tmp_path / "a.json", lambda workspace, name: moved
    )
    assert (added.records, added.answers) == (found.records, found.answers)
    # Those who are on both servers are who they were; `lead` was only there.
    assert set(json.loads((tmp_path / "a.json").read_text())) == {"lead"}
    assert pull_reviewed(PullReviewed(overrides=KNOBS)).new_answers == 0
    assert current_entries(moved.entries()) == before
