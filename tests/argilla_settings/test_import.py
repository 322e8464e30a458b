"""What comes back from a file, and what it leaves as it is."""

from pathlib import Path

import pytest

from argilla_settings.connection import connect, http
from argilla_settings.export_server import export_server
from argilla_settings.import_server import import_server
from argilla_settings.import_settings import KEPT
from argilla_settings.rest import send
from argilla_settings.transfer_file import open_export
from corpus.ledger import Ledger
from corpus.moves import NOTHING_MOVED, read_moves, to_time
from tests.argilla_settings.all_types import NAME, VALUES, content, workspace_id
from tests.running import ArgillaService

pytestmark = pytest.mark.services


def test_everything_comes_back_and_twice_changes_nothing(
    argilla_service: ArgillaService, exported: Path, tmp_path: Path
) -> None:
    client, accounts, said = connect(), tmp_path / "accounts.json", []
    added = import_server(client, exported, accounts, say=said.append)
    assert (added.records, added.answers, added.different) == (4, 7, 0)
    assert f"{NAME}: 4 of 4 records" in said
    # Everybody was there already, so nobody got a new password.
    assert not accounts.exists()
    export_server(client, tmp_path / "again.zip", [NAME])
    assert content(tmp_path / "again.zip") == content(exported)
    datasets, records = content(exported)
    assert [len(datasets[0][k]) for k in ("fields", "questions", "metadata-properties")] == [
        4,
        6,
        4,
    ]
    assert {r["external_id"]: r["status"] for r in records} == {
        "full": "completed", "drafts": "pending", "discards": "pending", "unnamed": "pending",
    }  # fmt: skip
    assert [
        r["values"]["spans"]["value"] for r in records[2]["responses"] if "spans" in r["values"]
    ] == [VALUES["spans"]]
    added = import_server(client, exported, accounts)
    assert (added.records, added.answers, added.different) == (0, 0, 0)
    export_server(client, tmp_path / "third.zip", [NAME])
    with open_export(tmp_path / "again.zip") as one, open_export(tmp_path / "third.zip") as two:
        assert one.manifest["members"] == two.manifest["members"]
    # The SDK reads a data set only where every answer has values.
    dataset = client.datasets(name=NAME, workspace=argilla_service.workspace)
    assert len(list(dataset.records(with_responses=True))) == 4


def test_answers_that_are_here_stay_as_they_are(
    argilla_service: ArgillaService, exported: Path, tmp_path: Path
) -> None:
    client, ledger = connect(), Ledger(str(tmp_path / "state"), "desk")
    import_server(client, exported, tmp_path / "a.json", lambda workspace, name: ledger)
    noted = read_moves(ledger)
    assert len(noted.answers) == 7 and not noted.unfinished
    dataset = client.datasets(name=NAME, workspace=argilla_service.workspace)
    rows = http(client).get(
        f"/api/v1/datasets/{dataset.id}/records", params={"include": "responses"}
    )
    row = next(r for r in rows.json()["items"] if r["external_id"] == "full")
    person = connect(api_key=argilla_service.credentials["annotator-2"]["api_key"], manage=False)
    me = http(person).get("/api/v1/me").json()["id"]
    before = next(answer for answer in row["responses"] if answer["user_id"] == me)
    assert noted.origin(str(dataset.id), "full", before).answered_at < to_time(before["updated_at"])
    assert to_time(before["inserted_at"]) < noted.done_at[str(dataset.id)]
    edit = {"record_id": row["id"], "status": "submitted", "values": {"label": {"value": "b"}}}
    (edited,) = send(person, "POST", "me/responses/bulk", {"items": [edit]})["items"]
    # An edit has its own time, also one that goes back to what was imported.
    for value in ("b", "c"):
        edit["values"] = {"label": {"value": value}}
        (edited,) = send(person, "POST", "me/responses/bulk", {"items": [edit]})["items"]
        found = noted.origin(str(dataset.id), "full", edited["item"]).answered_at
        assert found == to_time(edited["item"]["updated_at"])
        added = import_server(client, exported, tmp_path / "a.json", lambda w, n: ledger)
        assert (added.answers, added.different) == (0, value == "b")
    assert read_moves(ledger) == noted


def test_a_data_set_that_a_kill_left_half_made_is_completed(
    argilla_service: ArgillaService, exported: Path, tmp_path: Path
) -> None:
    client = connect()
    with open_export(exported) as export:
        (row,) = export.lines("datasets.jsonl")
    place = workspace_id(client, row["workspace"])
    half = {**{key: row[key] for key in KEPT}, "workspace_id": place}
    made = send(client, "POST", "datasets", half)
    first = {key: row["fields"][0][key] for key in ("name", "title", "required", "settings")}
    send(client, "POST", f"datasets/{made['id']}/fields", first)
    assert import_server(client, exported, tmp_path / "accounts.json").records == 4
    export_server(client, tmp_path / "again.zip", [NAME])
    assert content(tmp_path / "again.zip") == content(exported)


def test_nothing_moved_is_the_servers_own_time() -> None:
    at = dict.fromkeys(("inserted_at", "updated_at"), "2031-01-01T00:00:00")
    answer = {"user_id": "u", "status": "draft", "values": None, **at}
    origin = NOTHING_MOVED.origin("d", "a", answer)
    assert (origin.user_id, origin.answered_at) == ("u", to_time("2031-01-01T00:00:00+00:00"))
