"""A server's content in a file and back, with every type of field, question and answer."""

import json
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import argilla as rg
import pytest

from argilla_settings.connection import connect, http
from argilla_settings.export_server import export_server
from argilla_settings.import_server import import_server
from argilla_settings.import_settings import KEPT
from argilla_settings.rest import read_items, send
from argilla_settings.transfer_file import open_export
from corpus.errors import DeskError
from corpus.ledger import Ledger
from corpus.moves import NOTHING_MOVED, read_moves, to_time
from tests.running import ArgillaService

pytestmark = pytest.mark.services

NAME = "All types, as others make them"
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
TEXT = "👩‍🚀 Ada met Bo in Łódź."
OPTIONS = [{"value": v, "text": v.upper(), "description": None} for v in ("a", "b", "c")]
QUESTIONS: dict[str, dict[str, Any]] = {
    "label": {"type": "label_selection", "options": OPTIONS, "visible_options": 3},
    "labels": {"type": "multi_label_selection", "options": OPTIONS, "options_order": "suggestion"},
    "rating": {"type": "rating", "options": [{"value": n} for n in range(4)]},
    "ranking": {"type": "ranking", "options": OPTIONS},
    "free": {"type": "text", "use_markdown": True},
    "spans": {"type": "span", "field": "text", "options": OPTIONS, "allow_overlapping": True},
}
FIELDS: dict[str, dict[str, Any]] = {
    "text": {"type": "text", "use_markdown": False},
    "chat": {"type": "chat", "use_markdown": True},
    "image": {"type": "image"},
    "custom": {"type": "custom", "template": "<b>{{x}}</b>", "advanced_mode": False},
}
METADATA: dict[str, dict[str, Any]] = {
    "terms": {"type": "terms", "values": ["x", "y"]},
    "any": {"type": "terms", "values": None},
    "whole": {"type": "integer", "min": 0, "max": 9},
    "real": {"type": "float", "min": None, "max": None},
}
VALUES: dict[str, Any] = {
    "label": "a",
    "labels": ["a", "c"],
    "rating": 0,
    "ranking": [{"value": "b", "rank": 1}, {"value": "a", "rank": 2}, {"value": "c", "rank": 2}],
    "free": "zwölf 🇳🇿",
    # In the UI's UTF-16 units, and overlapping.
    "spans": [{"label": "a", "start": 6, "end": 9}, {"label": "b", "start": 6, "end": 16}],
}


def make_dataset(client: rg.Argilla, workspace_id: str) -> dict[str, Any]:
    dataset = send(client, "POST", "datasets", {
        "name": NAME, "workspace_id": workspace_id, "guidelines": "Read *me*.",
        "allow_extra_metadata": False, "metadata": {"kept": [1, {"too": None}]},
        "distribution": {"strategy": "overlap", "min_submitted": 2},
    })  # fmt: skip
    parts = {
        "fields": [
            {"name": n, "title": n.title(), "required": n == "text", "settings": s}
            for n, s in FIELDS.items()
        ],
        "questions": [
            {"name": n, "title": n.title(), "description": f"about {n}", "required": n == "label",
             "settings": s}
            for n, s in QUESTIONS.items()
        ],
        "metadata-properties": [
            {"name": n, "title": n.title(), "settings": s, "visible_for_annotators": n != "any"}
            for n, s in METADATA.items()
        ],
        "vectors-settings": [{"name": "v", "title": "V", "dimensions": 3}],
    }  # fmt: skip
    for kind, items in parts.items():
        for item in items:
            send(client, "POST", f"datasets/{dataset['id']}/{kind}", item)
    return send(client, "PUT", f"datasets/{dataset['id']}/publish")


def fill(client: rg.Argilla, dataset_id: str, service: ArgillaService) -> None:
    asked = {q["name"]: q["id"] for q in read_items(client, f"datasets/{dataset_id}/questions")}
    suggestions = [
        {"question_id": asked[name], "value": VALUES[name], "score": score, "agent": "m:1",
         "type": "model"}
        for name, score in (("label", 0.25), ("rating", None), ("spans", [0.5, 1.0]))
    ]  # fmt: skip
    full = {
        "external_id": "full",
        "fields": {"text": TEXT, "chat": [{"role": "user", "content": "hi"}], "image": PIXEL,
                   "custom": {"x": [1, None]}},
        "metadata": {"terms": ["x", "y"], "whole": 7, "real": 0.1},
        "vectors": {"v": [0.1, -2.0, 3e-9]},
        "suggestions": suggestions,
    }  # fmt: skip
    others = [{"external_id": name, "fields": {"text": name}} for name in ("drafts", "discards")]
    unnamed = {"fields": {"text": "nobody's id"}, "metadata": None}
    body = {"items": [full, *others, unnamed]}
    path = f"datasets/{dataset_id}/records/bulk"
    ids = [item["id"] for item in send(client, "POST", path, body)["items"]]
    answer_all(service, ids)


def answer_all(service: ArgillaService, ids: list[str]) -> None:
    """Two people answer: submitted, drafts, and discards with, without and with no values."""
    values = {name: {"value": value} for name, value in VALUES.items()}
    per_person: list[list[dict[str, Any]]] = [
        [
            {"record_id": ids[0], "status": "submitted", "values": values},
            {"record_id": ids[1], "status": "draft", "values": {"rating": {"value": 3}}},
            {"record_id": ids[2], "status": "discarded", "values": {"free": {"value": "?"}}},
            {"record_id": ids[3], "status": "submitted", "values": {"label": {"value": "b"}}},
        ],
        [
            {"record_id": ids[0], "status": "submitted", "values": {"label": {"value": "c"}}},
            {"record_id": ids[1], "status": "draft", "values": {}},
            {"record_id": ids[2], "status": "discarded"},
        ],
    ]
    for name, items in zip(("annotator-1", "annotator-2"), per_person, strict=True):
        person = connect(api_key=service.credentials[name]["api_key"], manage=False)
        sent = send(person, "POST", "me/responses/bulk", {"items": items})
        assert [item["error"] for item in sent["items"]] == [None] * len(items)


def delete_left(client: rg.Argilla) -> None:
    for dataset in read_items(client, "me/datasets"):
        if dataset["name"] == NAME:
            http(client).delete(f"/api/v1/datasets/{dataset['id']}").raise_for_status()


@pytest.fixture(scope="module")
def exported_once(argilla_service: ArgillaService, tmp_path_factory: Any) -> Path:
    client = connect()
    workspace = next(
        w for w in read_items(client, "me/workspaces") if w["name"] == argilla_service.workspace
    )
    dataset = make_dataset(client, workspace["id"])
    fill(client, dataset["id"], argilla_service)
    file: Path = tmp_path_factory.mktemp("exported") / "argilla.zip"
    found = export_server(client, file, [NAME])
    assert (found.datasets, found.records, found.answers) == (1, 4, 7)
    return file


@pytest.fixture
def exported(exported_once: Path) -> Iterator[Path]:
    """An export of one data set, which is not on the server any more."""
    delete_left(connect())
    yield exported_once
    delete_left(connect())


def content(file: Path) -> tuple[list[Any], list[Any]]:
    """Data sets and records, without what the server gives anew."""
    new = ("id", "dataset_id", "workspace_id", "inserted_at", "updated_at", "last_activity_at")

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: kept(v) for k, v in value.items() if k not in new}
        return [kept(item) for item in value] if isinstance(value, list) else value

    with open_export(file) as export:
        datasets = kept(list(export.lines("datasets.jsonl")))
        records = kept([r for d in datasets for r in export.lines(d["records"])])
    for record in records:
        record["responses"].sort(key=lambda answer: answer["user_id"])
        record["suggestions"].sort(key=lambda suggestion: suggestion["question"])
        for answer in record["responses"]:
            # Named in the export's own terms.
            answer["values"] = answer["values"] or {}
        if (record["external_id"] or "argilla-record:").startswith("argilla-record:"):
            record["external_id"] = "unnamed"
    return datasets, sorted(records, key=lambda record: record["external_id"])


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


def test_the_file_is_private_and_holds_no_key(
    argilla_service: ArgillaService, exported: Path
) -> None:
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    with zipfile.ZipFile(exported) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist()).decode()
    for account in argilla_service.credentials.values():
        assert account["username"] in whole
        assert account["api_key"] not in whole
        assert account["password"] not in whole
    with pytest.raises(DeskError, match="is there already"):
        export_server(connect(), exported)


def with_manifest(file: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    changed = file.with_name("changed.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "manifest.json":
                manifest = json.loads(data)
                change(manifest)
                data = json.dumps(manifest).encode()
            new.writestr(name, data)
    return changed


def with_other_record(manifest: dict[str, Any]) -> None:
    manifest["members"]["records/0001.jsonl"]["sha256"] = "0" * 64


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.update(format=2), "has format 2; this Copydesk reads format 1"),
        (lambda m: m.pop("members"), "damaged: manifest.json cannot be read"),
        (with_other_record, "damaged: records/0001.jsonl is not what was exported"),
        (lambda m: m["members"].pop("users.jsonl"), "its members are not those of its manifest"),
    ],
)
def test_nothing_is_written_from_a_file_that_is_not_whole(
    exported: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    client = connect()
    with pytest.raises(DeskError, match=said):
        import_server(client, with_manifest(exported, change), tmp_path / "accounts.json")
    half = tmp_path / "half.zip"
    half.write_bytes(exported.read_bytes()[: exported.stat().st_size // 2])
    with pytest.raises(DeskError, match=r"half\.zip is damaged"):
        import_server(client, half, tmp_path / "accounts.json")
    assert not [d for d in read_items(client, "me/datasets") if d["name"] == NAME]


def test_only_an_owner_may(argilla_service: ArgillaService, tmp_path: Path) -> None:
    admin = connect(api_key=argilla_service.credentials["admin"]["api_key"])
    with pytest.raises(DeskError, match="only an owner sees all users"):
        export_server(admin, tmp_path / "argilla.zip")
    with pytest.raises(DeskError, match="has no data set nowhere"):
        export_server(connect(), tmp_path / "argilla.zip", ["nowhere"])
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_that_asks_otherwise_is_refused(
    argilla_service: ArgillaService, exported: Path, tmp_path: Path
) -> None:
    client = connect()
    workspace = next(
        w for w in read_items(client, "me/workspaces") if w["name"] == argilla_service.workspace
    )
    body = {"name": NAME, "workspace_id": workspace["id"]}
    other = send(client, "POST", "datasets", body)
    with pytest.raises(DeskError, match="takes 1 answers to a record, the exported one 2"):
        import_server(client, exported, tmp_path / "accounts.json")
    two = {"distribution": {"strategy": "overlap", "min_submitted": 2}}
    send(client, "PATCH", f"datasets/{other['id']}", two)
    question = {"name": "label", "title": "L", "settings": {"type": "text"}}
    send(client, "POST", f"datasets/{other['id']}/questions", question)
    with pytest.raises(DeskError, match="has another questions 'label' than the exported one"):
        import_server(client, exported, tmp_path / "accounts.json")


def test_a_data_set_that_a_kill_left_half_made_is_completed(
    argilla_service: ArgillaService, exported: Path, tmp_path: Path
) -> None:
    client = connect()
    with open_export(exported) as export:
        (row,) = export.lines("datasets.jsonl")
    workspace = next(
        w for w in read_items(client, "me/workspaces") if w["name"] == row["workspace"]
    )
    half = {**{key: row[key] for key in KEPT}, "workspace_id": workspace["id"]}
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
