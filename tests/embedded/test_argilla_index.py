"""Index tables of the search engine: triggers keep what a rebuild would make."""

import json
import random
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.argilla import index_tables
from tests.running import Services

pytestmark = pytest.mark.services
NOW = "2026-11-25 10:00:00.000000"
# Every value with the record's own id in place of its number, which a rebuild may change.
CONTENTS = {
    "docs": "SELECT record_id, dataset_id, status, external_id, updated_at FROM copydesk_docs",
    "properties": "SELECT dataset_id, kind, name, type, owner FROM copydesk_properties",
    "values": "SELECT p.owner, p.kind, v.value, d.record_id FROM copydesk_values v "
    "LEFT JOIN copydesk_properties p ON p.id = v.property LEFT JOIN copydesk_docs d USING (doc)",
    "responses": "SELECT r.dataset_id, r.user_id, r.status, d.record_id "
    "FROM copydesk_responses r LEFT JOIN copydesk_docs d USING (doc)",
    "answers": "SELECT p.owner, a.value, a.user_id, d.record_id FROM copydesk_answers a "
    "LEFT JOIN copydesk_properties p ON p.id = a.property LEFT JOIN copydesk_docs d USING (doc)",
}
METADATA: dict[str, list[Any]] = {
    "kind": ["a", "b", ["a", "b"], None, True, "o'clock"],
    "size": [1, 7, "00003", None],
    "share": [0.5, -1, 2.25],
    "unknown": ["not indexed"],
}
SETTINGS = {
    "topic": {"type": "label_selection", "options": [{"value": "x"}, {"value": "y"}]},
    "many": {"type": "multi_label_selection", "options": [{"value": "x"}]},
    "stars": {"type": "rating", "options": [{"value": 1}]},
    "note": {"type": "text"},
    "marks": {"type": "span"},
}
VALUES: dict[str, list[Any]] = {
    "topic": ["x", "y"],
    "many": [["x"], ["x", "y"], []],
    "stars": [1, 2],
    "note": ["words"],
    "marks": [[{"start": 0, "end": 1, "label": "p"}]],
}


class Desk:
    """A copy of the server's database, and statements as the server sends them."""

    def __init__(self, db: sqlite3.Connection, seed: int) -> None:
        self.db, self.random = db, random.Random(seed)
        self.workspace = self.insert("workspaces", name=uuid.uuid4().hex)
        self.users = [
            self.insert(
                "users", first_name="u", username=uuid.uuid4().hex, role="annotator",
                api_key=uuid.uuid4().hex, password_hash="-",
            )
            for _ in range(2)
        ]  # fmt: skip
        self.datasets = [self.dataset() for _ in range(2)]

    def insert(self, table: str, **values: Any) -> str:
        row = {"id": uuid.uuid4().hex, "inserted_at": NOW, "updated_at": NOW, **values}
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        self.db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
        return str(row["id"])

    def dataset(self) -> str:
        dataset = self.insert(
            "datasets", name=uuid.uuid4().hex, status="ready", workspace_id=self.workspace,
            last_activity_at=NOW, allow_extra_metadata=1, distribution="{}",
        )  # fmt: skip
        for name, settings in SETTINGS.items():
            self.insert(
                "questions", name=name, title=name, required=0, settings=json.dumps(settings),
                dataset_id=dataset,
            )  # fmt: skip
        return dataset

    def metadata_property(self) -> None:
        kinds = {"kind": "terms", "size": "integer", "share": "float"}
        name = self.random.choice(list(kinds))
        dataset = self.random.choice(self.datasets)
        if not self.ids("metadata_properties", f"name = '{name}' AND dataset_id = '{dataset}'"):
            settings = json.dumps({"type": kinds[name]})
            self.insert(
                "metadata_properties", name=name, title=name, settings=settings, dataset_id=dataset
            )

    def ids(self, table: str, condition: str = "1") -> list[str]:
        return [i for (i,) in self.db.execute(f"SELECT id FROM {table} WHERE {condition}")]

    def any_of(self, table: str) -> str:
        marks = ", ".join(f"'{dataset}'" for dataset in self.datasets)
        where = "record_id IN (SELECT id FROM records WHERE " if table != "records" else "("
        return self.random.choice(self.ids(table, f"{where} dataset_id IN ({marks}))") or [""])

    def metadata(self) -> str:
        chosen = self.random.sample(list(METADATA), self.random.randrange(4))
        return json.dumps({name: self.random.choice(METADATA[name]) for name in chosen})

    def record(self) -> None:
        self.insert(
            "records", fields="{}", metadata=self.metadata(), status="pending",
            external_id=uuid.uuid4().hex, dataset_id=self.random.choice(self.datasets),
        )  # fmt: skip

    def suggestion(self) -> None:
        record = self.any_of("records")
        questions = "SELECT q.id, q.name FROM questions q JOIN records r USING (dataset_id)"
        found = self.db.execute(f"{questions} WHERE r.id = ?", (record,)).fetchall()
        if found:
            question, name = self.random.choice(found)
            value = json.dumps(self.random.choice(VALUES[name]))
            score = json.dumps(self.random.choice([None, 0.5, [0.1, 0.9]]))
            # As the server upserts.
            self.db.execute(
                "INSERT INTO suggestions (id, value, score, agent, type, record_id, question_id, "
                "inserted_at, updated_at) VALUES (?, ?, ?, ?, 'model', ?, ?, ?, ?) "
                "ON CONFLICT (record_id, question_id) DO UPDATE SET value = excluded.value, "
                "score = excluded.score, agent = excluded.agent",
                (uuid.uuid4().hex, value, score, self.random.choice([None, "m:1"]), record,
                 question, NOW, NOW),
            )  # fmt: skip

    def response(self) -> None:
        record = self.any_of("records")
        names = self.random.sample(list(VALUES), 2)
        values = {name: {"value": self.random.choice(VALUES[name])} for name in names}
        status = self.random.choice(["draft", "submitted", "discarded"])
        if record:
            self.db.execute(
                'INSERT INTO responses (id, "values", status, record_id, user_id, inserted_at, '
                "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (record_id, user_id) "
                'DO UPDATE SET "values" = excluded."values", status = excluded.status',
                (uuid.uuid4().hex, self.random.choice([json.dumps(values), None]), status, record,
                 self.random.choice(self.users), NOW, NOW),
            )  # fmt: skip

    def change(self) -> None:
        self.db.execute(
            "UPDATE records SET metadata = ?, status = 'completed', updated_at = ? WHERE id = ?",
            (self.metadata(), f"2026-11-25 11:00:{self.random.randrange(10, 60)}.000000",
             self.any_of("records")),
        )  # fmt: skip

    def move(self) -> None:
        table = self.random.choice(["metadata_properties", "records"])
        moved = self.random.choice(self.ids(table) or [""])
        to = self.random.choice(self.datasets)
        self.db.execute(f"UPDATE OR IGNORE {table} SET dataset_id = ? WHERE id = ?", (to, moved))

    def delete(self) -> None:
        table = self.random.choice(["records", "suggestions", "responses"])
        self.db.execute(f"DELETE FROM {table} WHERE id = ?", (self.any_of(table),))

    def delete_rarely(self) -> None:
        if self.random.random() < 0.1:
            table = self.random.choice(["questions", "metadata_properties"])
            gone = self.random.choice(self.ids(table) or [""])
            self.db.execute(f"DELETE FROM {table} WHERE id = ?", (gone,))


@pytest.fixture
def copy(services: Services, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    target = sqlite3.connect(tmp_path / "argilla.db", isolation_level=None)
    source = sqlite3.connect(services.home.root / "argilla" / "argilla.db")
    source.backup(target)
    source.close()
    target.execute("PRAGMA foreign_keys = ON")
    yield target
    target.close()


def contents(db: sqlite3.Connection) -> dict[str, list[Any]]:
    return {name: sorted(db.execute(sql).fetchall(), key=repr) for name, sql in CONTENTS.items()}


@pytest.mark.parametrize("seed", range(5))
def test_triggers_keep_what_a_rebuild_makes(copy: sqlite3.Connection, seed: int) -> None:
    desk = Desk(copy, seed)
    steps = [desk.record, desk.suggestion, desk.suggestion, desk.response, desk.change]
    steps += [desk.metadata_property, desk.delete, desk.delete_rarely, desk.move]
    for _ in range(250):
        desk.random.choice(steps)()
    # Whatever was deleted by chance, there is something to compare.
    for step in [desk.record, desk.suggestion, desk.response] * 10:
        step()
    kept = contents(copy)
    assert all(kept[name] for name in ("docs", "values", "responses", "answers"))
    index_tables.build(copy)
    assert contents(copy) == kept


def test_a_deleted_data_set_leaves_nothing(copy: sqlite3.Connection) -> None:
    before = contents(copy)
    desk = Desk(copy, seed=1)
    for step in [desk.metadata_property, desk.record, desk.suggestion, desk.response] * 20:
        step()
    assert contents(copy) != before
    for dataset in desk.datasets:
        copy.execute("DELETE FROM datasets WHERE id = ?", (dataset,))
    assert contents(copy) == before


def test_lost_triggers_and_other_versions_are_mended(copy: sqlite3.Connection) -> None:
    assert not index_tables.ensure_in(copy)
    build = index_tables.build_of(copy)
    copy.execute("DROP TRIGGER copydesk_record_in")
    Desk(copy, seed=2).record()
    assert index_tables.ensure_in(copy)
    assert index_tables.build_of(copy) != build
    in_argilla = copy.execute("SELECT id FROM records ORDER BY id").fetchall()
    indexed = copy.execute("SELECT record_id FROM copydesk_docs ORDER BY 1").fetchall()
    assert in_argilla == indexed
    copy.execute("UPDATE copydesk_index SET version = 0")
    assert index_tables.ensure_in(copy)
    assert not index_tables.ensure_in(copy)


def test_what_is_no_json_is_kept_and_not_indexed(copy: sqlite3.Connection) -> None:
    desk = Desk(copy, seed=3)
    # Python writes Infinity, which JSON has not.
    record = desk.insert(
        "records", fields="{}", metadata='{"kind": Infinity}', status="pending",
        dataset_id=desk.datasets[0],
    )  # fmt: skip
    assert copy.execute(
        "SELECT count(*) FROM copydesk_docs WHERE record_id = ?", (record,)
    ).fetchone() == (1,)


def test_a_change_costs_the_same_however_large_the_data_set_is(copy: sqlite3.Connection) -> None:
    for target in ("values", "answers"):
        columns = ("property", "value", "doc")
        tests = " AND ".join(
            f"{name} IN (SELECT {name} FROM (SELECT 1 AS {name}))" for name in columns
        )
        plan = copy.execute(f"EXPLAIN QUERY PLAN DELETE FROM copydesk_{target} WHERE {tests}")
        search = next(row[3] for row in plan if f"copydesk_{target}" in row[3])
        assert "(property=? AND value=? AND doc=?" in search
    triggers = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'copydesk_%'"
    for (sql,) in copy.execute(triggers):
        assert "(property, value, doc) IN" not in sql
