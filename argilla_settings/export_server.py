"""Everything people made on an Argilla server, into one file; by REST, page after page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import argilla as rg

from argilla_settings.records import PAGE, list_rows
from argilla_settings.rest import Row, read, read_items, require_owner
from argilla_settings.transfer_file import new_export
from corpus.errors import DeskError

USER_KEYS = ("id", "username", "first_name", "last_name", "role", "inserted_at")
SETTINGS = ("fields", "questions", "metadata-properties", "vectors-settings")
ANSWER_KEYS = ("user_id", "status", "values", "inserted_at", "updated_at")
SUGGESTION_KEYS = ("value", "score", "agent", "type")
RECORD_KEYS = (
    "id", "external_id", "fields", "metadata", "vectors", "status", "inserted_at", "updated_at",
)  # fmt: skip

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """How much an export holds."""

    users: int
    datasets: int
    records: int
    answers: int


@dataclass(frozen=True, slots=True)
class DatasetName:
    """What listing the records of a data set needs to know of it."""

    id: str
    name: str


def export_server(
    client: rg.Argilla, file: Path, names: Sequence[str] = (), say: Say = lambda _: None
) -> Exported:
    """Write users, workspaces, and data sets (all, or those of these names) with their records.

    Raises DeskError where somebody answers or loads while it reads.
    """
    require_owner(client)
    workspaces = read_items(client, "me/workspaces")
    datasets = _chosen(read_items(client, "me/datasets"), names)
    records = answers = 0
    with new_export(file, read(client, "version")["version"]) as export:
        users = export.write_lines("users.jsonl", (_user(u) for u in read_items(client, "users")))
        export.write_lines("workspaces.jsonl", (_workspace(client, w) for w in workspaces))
        named = {workspace["id"]: workspace["name"] for workspace in workspaces}
        described = [_dataset(client, d, named, n) for n, d in enumerate(datasets, start=1)]
        export.write_lines("datasets.jsonl", described)
        for dataset in described:
            counted = _Counted()
            rows = _records(client, dataset, counted, say)
            records += export.write_lines(dataset["records"], rows)
            answers += counted.answers
            _refuse_changes(client, dataset)
    return Exported(users, len(described), records, answers)


@dataclass(slots=True)
class _Counted:
    records: int = 0
    answers: int = 0


def _chosen(datasets: list[Row], names: Sequence[str]) -> list[Row]:
    there = {dataset["name"] for dataset in datasets}
    missing = sorted(set(names) - there)
    if missing:
        raise DeskError(
            f"Argilla has no data set {', '.join(missing)}.",
            f"It has {', '.join(sorted(there)) or 'none'}.",
        )
    return [dataset for dataset in datasets if not names or dataset["name"] in names]


def _user(user: Row) -> Row:
    # By name: the server sends the API key with the rest.
    return {key: user[key] for key in USER_KEYS}


def _workspace(client: rg.Argilla, workspace: Row) -> Row:
    members = read_items(client, f"workspaces/{workspace['id']}/users")
    return {
        "id": workspace["id"],
        "name": workspace["name"],
        "members": [member["username"] for member in members],
    }


def _dataset(client: rg.Argilla, dataset: Row, workspaces: Mapping[str, str], number: int) -> Row:
    parts = {
        kind: read_items(
            client, f"{'me/' * (kind == 'metadata-properties')}datasets/{dataset['id']}/{kind}"
        )
        for kind in SETTINGS
    }
    return {
        **dataset,
        "workspace": workspaces[dataset["workspace_id"]],
        **parts,
        "records": f"records/{number:04d}.jsonl",
    }


def _records(client: rg.Argilla, dataset: Row, counted: _Counted, say: Say) -> Iterator[Row]:
    questions = {question["id"]: question["name"] for question in dataset["questions"]}
    if dataset["status"] == "draft":
        return
    about = DatasetName(dataset["id"], dataset["name"])
    for row in list_rows(client, about, ("responses", "suggestions", "vectors")):
        record = _record(row, questions)
        counted.records += 1
        counted.answers += len(record["responses"])
        if counted.records % PAGE == 0:
            say(f"{dataset['name']}: {counted.records} records read")
        yield record
    say(f"{dataset['name']}: {counted.records} records, {counted.answers} answers")


def _record(row: Row, questions: Mapping[str, str]) -> Row:
    suggestions = [
        {"question": questions[s["question_id"]], **{key: s[key] for key in SUGGESTION_KEYS}}
        for s in row.get("suggestions") or ()
    ]
    answers = [{key: a[key] for key in ANSWER_KEYS} for a in row.get("responses") or ()]
    kept = {key: row.get(key) for key in RECORD_KEYS}
    return {**kept, "suggestions": suggestions, "responses": answers}


def _refuse_changes(client: rg.Argilla, dataset: Row) -> None:
    now = read(client, f"datasets/{dataset['id']}")
    if now["last_activity_at"] != dataset["last_activity_at"]:
        raise DeskError(
            f"Somebody answered in {dataset['name']!r} while it was exported.",
            "Ask everybody to pause, then export again; nothing was written.",
        )
