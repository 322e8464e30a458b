"""A desk moves to the team's server: nobody and nothing is lost or doubled."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from argilla_settings.connection import connect, http
from argilla_settings.data_sets import find_dataset
from argilla_settings.export_server import export_server
from argilla_settings.import_server import import_server
from argilla_settings.rest import read_items, send
from corpus.ledger import Ledger
from corpus.moves import read_moves
from corpus.statements import current_statements
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.running import Services
from tests.team.moving import BATCH, DESK, KNOBS, NAME
from tests.team.processes import TeamServer

pytestmark = pytest.mark.services


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
    before = current_statements(moved.entries())
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
    after = current_statements(moved.entries())
    assert set(after) == set(before)
    ((key_of_it, entry),) = [(k, e) for k, e in after.items() if before[k] != e]
    assert key_of_it[0] == rows[0]["external_id"]
    assert (entry.response.topic, entry.response.spans) == ("Sports", ())
    assert entry.response.answered_at > before[key_of_it].response.answered_at
