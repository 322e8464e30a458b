"""The side file: what SQL cannot search. One FTS5 table for each Argilla data set, and vectors.

It is derived from Argilla's own tables and disposable: what is missing or stale is found by
comparing ``updated_at`` and indexed again.
"""

import json
import re
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS {s}docs (
    id INTEGER PRIMARY KEY, record_id TEXT UNIQUE NOT NULL,
    dataset_id TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS {s}docs_of_dataset ON docs (dataset_id);
CREATE TABLE IF NOT EXISTS {s}vectors (
    record_id TEXT NOT NULL, settings_id TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (settings_id, record_id)
) WITHOUT ROWID;
"""
BATCH = 500
# The tokenizer takes a run of Chinese or Japanese characters as one word; a word is one of them.
CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")


def spread_cjk(text: str) -> str:
    """Set each Chinese or Japanese character apart, as stock Argilla's analyzer does."""
    return CJK.sub(r" \1 ", text)


def table_name(dataset_id: str) -> str:
    """The FTS5 table of a data set; ``dataset_id`` is 32 hex digits."""
    if not re.fullmatch(r"[0-9a-f]{32}", dataset_id):
        raise ValueError(f"not a data set id: {dataset_id!r}")
    return f"text_{dataset_id}"


def quoted(name: str) -> str:
    """A column name of a field, quoted for SQL."""
    escaped = name.replace('"', '""')
    return f'"field_{escaped}"'


def create_statement(dataset_id: str, fields: Sequence[str]) -> str:
    """SQL that makes the FTS5 table of a data set, one column for each field."""
    columns = ", ".join(quoted(field) for field in fields)
    return (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS search.{table_name(dataset_id)} "
        f"USING fts5({columns}, tokenize='unicode61 remove_diacritics 0')"
    )


def index_records(db: sqlite3.Connection, dataset_id: str, record_ids: Iterable[str]) -> None:
    """Index these records anew from Argilla's tables; ids are 32 hex digits."""
    fields = text_fields(db, dataset_id)
    db.execute(create_statement(dataset_id, fields))
    ids = list(record_ids)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        delete_records(db, dataset_id, batch)
        marks = ",".join("?" * len(batch))
        rows = db.execute(
            f"SELECT id, fields, updated_at FROM main.records WHERE id IN ({marks})", batch
        ).fetchall()
        for record_id, values, updated_at in rows:
            _insert(db, dataset_id, record_id, json.loads(values), fields, updated_at)
        _index_vectors(db, batch)


def delete_records(db: sqlite3.Connection, dataset_id: str, record_ids: Iterable[str]) -> None:
    """Take these records out of the index."""
    for record_id in record_ids:
        found = db.execute(
            "SELECT id FROM search.docs WHERE record_id = ?", (record_id,)
        ).fetchone()
        if found is not None:
            name = table_name(dataset_id)
            db.execute(f"DELETE FROM search.{name} WHERE rowid = ?", found)
            db.execute("DELETE FROM search.docs WHERE id = ?", found)
        db.execute("DELETE FROM search.vectors WHERE record_id = ?", (record_id,))


def drop_dataset(db: sqlite3.Connection, dataset_id: str) -> None:
    """Forget a data set."""
    db.execute(
        "DELETE FROM search.vectors WHERE record_id IN "
        "(SELECT record_id FROM search.docs WHERE dataset_id = ?)",
        (dataset_id,),
    )
    db.execute("DELETE FROM search.docs WHERE dataset_id = ?", (dataset_id,))
    db.execute(f"DROP TABLE IF EXISTS search.{table_name(dataset_id)}")


def text_fields(db: sqlite3.Connection, dataset_id: str) -> list[str]:
    """Names of the data set's fields that hold text (all but images), in their order."""
    rows = db.execute(
        "SELECT name, settings FROM main.fields WHERE dataset_id = ? ORDER BY inserted_at",
        (dataset_id,),
    ).fetchall()
    return [name for name, settings in rows if json.loads(settings)["type"] != "image"]


def to_text(value: Any) -> str:
    """What is searched of a field's value: the text, a chat's messages, a custom field's JSON."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(
            str(m.get("content", "")) if isinstance(m, dict) else str(m) for m in value
        )
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def attach(db: sqlite3.Connection, file: Path) -> None:
    """Attach the side file as ``search`` and make its tables."""
    db.execute("ATTACH DATABASE ? AS search", (str(file),))
    for statement in SCHEMA.format(s="search.").split(";"):
        db.execute(statement)


def reconcile(database: Path, index: Path) -> int:
    """Index what a crash left out, forget what is gone; returns how many records were indexed.

    Runs before the server starts. A side file that is no database is thrown away.
    """
    if not database.exists():
        return 0
    try:
        return _reconcile(database, index)
    except sqlite3.DatabaseError:
        for suffix in ("", "-wal", "-shm"):
            index.with_name(index.name + suffix).unlink(missing_ok=True)
        return _reconcile(database, index)


def _reconcile(database: Path, index: Path) -> int:
    db = sqlite3.connect(database, timeout=60)
    indexed = 0
    try:
        db.execute("PRAGMA journal_mode = WAL")
        attach(db, index)
        db.execute("PRAGMA search.journal_mode = WAL")
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'records'").fetchone():
            return 0
        gone = db.execute(
            "SELECT record_id, dataset_id FROM search.docs "
            "WHERE record_id NOT IN (SELECT id FROM main.records)"
        ).fetchall()
        for record_id, dataset_id in gone:
            delete_records(db, dataset_id, [record_id])
        ready = db.execute("SELECT id FROM main.datasets WHERE status = 'ready'").fetchall()
        for (dataset_id,) in ready:
            stale = db.execute(
                "SELECT r.id FROM main.records r LEFT JOIN search.docs d ON d.record_id = r.id "
                "WHERE r.dataset_id = ? AND (d.id IS NULL OR d.updated_at <> r.updated_at)",
                (dataset_id,),
            ).fetchall()
            index_records(db, dataset_id, [record_id for (record_id,) in stale])
            indexed += len(stale)
        db.commit()
    finally:
        db.close()
    return indexed


def _insert(
    db: sqlite3.Connection,
    dataset_id: str,
    record_id: str,
    values: dict[str, Any],
    fields: Sequence[str],
    updated_at: str,
) -> None:
    row = db.execute(
        "INSERT INTO search.docs (record_id, dataset_id, updated_at) VALUES (?, ?, ?) RETURNING id",
        (record_id, dataset_id, updated_at),
    ).fetchone()
    texts = [spread_cjk(to_text(values.get(field))) for field in fields]
    columns = ", ".join(quoted(field) for field in fields)
    marks = ", ".join("?" * (len(fields) + 1))
    db.execute(
        f"INSERT INTO search.{table_name(dataset_id)} (rowid, {columns}) VALUES ({marks})",
        [row[0], *texts],
    )


def _index_vectors(db: sqlite3.Connection, record_ids: Sequence[str]) -> None:
    marks = ",".join("?" * len(record_ids))
    rows = db.execute(
        "SELECT record_id, vector_settings_id, value FROM main.vectors "
        f"WHERE record_id IN ({marks})",
        record_ids,
    ).fetchall()
    db.executemany(
        "INSERT OR REPLACE INTO search.vectors (record_id, settings_id, value) VALUES (?, ?, ?)",
        [
            (record, settings, array("f", json.loads(value)).tobytes())
            for record, settings, value in rows
        ],
    )
