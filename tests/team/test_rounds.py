"""Whole rounds on the team's server, and the way back."""

import json
from pathlib import Path

import pytest

from argilla_settings.connection import connect
from argilla_settings.data_sets import find_dataset
from argilla_settings.export_server import export_server
from argilla_settings.import_server import import_server
from argilla_settings.rest import read_items
from corpus.ledger import Ledger
from corpus.statements import current_statements
from flows.curate import Curate, curate
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.running import Services
from tests.team.moving import BATCH, DESK, KNOBS, NAME
from tests.team.processes import TeamServer

pytestmark = pytest.mark.services


def test_a_whole_round_runs_there(
    moved: Ledger, on_team_server: TeamServer, accounts: Path, tmp_path: Path
) -> None:
    # Other tests leave people of their own on the session's server, and they move, too.
    people = json.loads(accounts.read_text())
    keys = {name: user for name, user in people.items() if name.startswith("annotator-")}
    theirs = next(u for u in read_items(connect(), "users") if u["username"] == "annotator-2")
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps({**keys, "annotator-2": theirs}))
    batch = Curate(overrides=KNOBS, skip=BATCH, limit=BATCH, simulate_with=str(file), insight=False)
    report = curate(batch)
    assert report.loaded.new == BATCH
    assert report.simulated_answers == report.new_answers == 3 * BATCH
    # The three are who they were: on the old server, and under another id on this one.
    assert report.gold.annotators == 3
    assert len(report.gold.reviewed) + len(report.gold.quarantined) == 2 * BATCH
    assert moved.simulated() == set(current_statements(moved.entries()))
    assert [item.changed for item in report.published.items] == [True, True, True]
    again = curate(batch)
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
    before = current_statements(moved.entries())
    added = import_server(
        connect(), tmp_path / "back.zip", tmp_path / "a.json", lambda workspace, name: moved
    )
    assert (added.records, added.answers) == (found.records, found.answers)
    # Those who are on both servers are who they were; `lead` was only there.
    assert set(json.loads((tmp_path / "a.json").read_text())) == {"lead"}
    assert pull_reviewed(PullReviewed(overrides=KNOBS)).new_answers == 0
    assert current_statements(moved.entries()) == before
