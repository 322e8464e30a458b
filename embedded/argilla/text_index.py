"""The side file: what SQL cannot search. One FTS5 table for each Argilla data set, and vectors.

It is derived from Argilla's own tables and disposable. What is missing or stale is found by
comparing ``version`` of copydesk_docs, which moves with a record's text and vectors, and indexed
again.
"""

import json
import re
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from embedded.argilla.index_tables import build_of
from embedded.argilla.text_tokens import TOKENIZER, words

# Raise it when tables or analysis change: the side file is made anew.
VERSION = 2
SCHEMA = """
CREATE TABLE search.made_for (mark TEXT NOT NULL);
CREATE TABLE search.indexed (
    doc INTEGER PRIMARY KEY, dataset_id TEXT NOT NULL, version INTEGER NOT NULL
);
CREATE INDEX search.indexed_of_dataset ON indexed (dataset_id);
CREATE TABLE search.vectors (
    settings_id TEXT NOT NULL, doc INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (settings_id, doc)
) WITHOUT ROWID;
CREATE INDEX search.vectors_of_doc ON vectors (doc)
"""
BATCH = 500
# Between the messages of a chat, so that no phrase reaches over their edge.
EDGE = " ; "


def table_name(dataset_id: str) -> str:
    """The FTS5 table of a data set; ``dataset_id`` is 32 hex digits."""
    if not re.fullmatch(r"[0-9a-f]{32}", dataset_id):
        raise ValueError(f"not a data set id: {dataset_id!r}")
    return f"text_{dataset_id}"


def field_columns(
    db: sqlite3.Connection, dataset_id: str, field: str | None = None
) -> dict[str, str]:
    """Column of the FTS5 table → name of the field that it holds; of one field, or of all.

    Images have none.
    """
    rows = db.execute(
        "SELECT name, settings FROM main.fields WHERE dataset_id = ? ORDER BY inserted_at, id",
        (dataset_id,),
    ).fetchall()
    columns: dict[str, str] = {}
    for number, (name, settings) in enumerate(rows):
        kind = json.loads(settings)["type"]
        if kind != "image":
            columns[f"field_{number}"] = name
    return {column: name for column, name in columns.items() if field in (None, name)}


def create_statement(dataset_id: str, columns: Iterable[str]) -> str:
    """SQL that makes the FTS5 table of a data set; it needs one column at least."""
    return (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS search.{table_name(dataset_id)} "
        f'USING fts5({", ".join(columns) or "nothing"}, tokenize="{TOKENIZER}")'
    )


def attach(db: sqlite3.Connection, file: Path) -> None:
    """Attach the side file as ``search``; empty it where it is of another version or database."""
    db.execute("ATTACH DATABASE ? AS search", (str(file),))
    db.execute("PRAGMA search.journal_mode = WAL")
    db.execute("PRAGMA search.synchronous = NORMAL")
    mark = f"{VERSION}:{build_of(db)}"
    if _mark(db) == mark:
        return
    db.execute("BEGIN IMMEDIATE")
    if _mark(db) != mark:
        _empty(db)
        for statement in SCHEMA.split(";"):
            db.execute(statement)
        db.execute("INSERT INTO search.made_for VALUES (?)", (mark,))
    db.execute("COMMIT")


def create(db: sqlite3.Connection, dataset_id: str) -> dict[str, str]:
    """Make the FTS5 table of a data set where it is missing; returns its columns and fields."""
    columns = field_columns(db, dataset_id)
    db.execute(create_statement(dataset_id, columns))
    return columns


def index_records(db: sqlite3.Connection, dataset_id: str, record_ids: Iterable[str]) -> None:
    """Index these records anew from Argilla's tables; ids are 32 hex digits."""
    columns = create(db, dataset_id)
    ids = list(record_ids)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        rows = db.execute(
            "SELECT d.doc, d.version, r.fields FROM main.copydesk_docs d "
            f"JOIN main.records r ON r.id = d.record_id WHERE d.record_id IN ({marks(batch)})",
            batch,
        ).fetchall()
        docs = [doc for doc, _, _ in rows]
        forget(db, dataset_id, docs)
        db.executemany(
            "INSERT INTO search.indexed (doc, dataset_id, version) VALUES (?, ?, ?)",
            [(doc, dataset_id, version) for doc, version, _ in rows],
        )
        if columns:
            db.executemany(
                f"INSERT INTO search.{table_name(dataset_id)} (rowid, {', '.join(columns)}) "
                f"VALUES ({marks(['', *columns])})",
                [(doc, *_texts(values, columns.values())) for doc, _, values in rows],
            )
        _index_vectors(db, docs)


def forget(db: sqlite3.Connection, dataset_id: str, docs: Sequence[int]) -> None:
    """Take these documents out of the index."""
    for start in range(0, len(docs), BATCH):
        batch = docs[start : start + BATCH]
        known = db.execute(
            f"SELECT doc FROM search.indexed WHERE doc IN ({marks(batch)})", batch
        ).fetchall()
        if not known:
            continue
        if has_table(db, dataset_id):
            db.executemany(f"DELETE FROM search.{table_name(dataset_id)} WHERE rowid = ?", known)
        db.executemany("DELETE FROM search.vectors WHERE doc = ?", known)
        db.executemany("DELETE FROM search.indexed WHERE doc = ?", known)


def forget_deleted(db: sqlite3.Connection, dataset_id: str) -> None:
    """Take out of a data set's index what Argilla no longer has."""
    gone = db.execute(
        "SELECT doc FROM search.indexed WHERE dataset_id = ? "
        "AND doc NOT IN (SELECT doc FROM main.copydesk_docs WHERE dataset_id = ?)",
        (dataset_id, dataset_id),
    ).fetchall()
    forget(db, dataset_id, [doc for (doc,) in gone])


def drop_dataset(db: sqlite3.Connection, dataset_id: str) -> None:
    """Forget a data set."""
    db.execute(
        "DELETE FROM search.vectors WHERE doc IN "
        "(SELECT doc FROM search.indexed WHERE dataset_id = ?)",
        (dataset_id,),
    )
    db.execute("DELETE FROM search.indexed WHERE dataset_id = ?", (dataset_id,))
    db.execute(f"DROP TABLE IF EXISTS search.{table_name(dataset_id)}")


def to_text(value: Any) -> str:
    """What is searched of a field's value: the text, a chat's messages, a custom field's JSON."""
    if value is None:
        return ""
    if isinstance(value, list):
        contents = (m.get("content") if isinstance(m, dict) else m for m in value)
        return EDGE.join(_words_of(str(content)) for content in contents)
    return _words_of(value if isinstance(value, str) else str(value))


def marks(values: Sequence[Any]) -> str:
    """One question mark for each value."""
    return ", ".join("?" * len(values))


def _mark(db: sqlite3.Connection) -> str:
    if not db.execute("SELECT 1 FROM search.sqlite_master WHERE name = 'made_for'").fetchone():
        return ""
    mark: str = db.execute("SELECT mark FROM search.made_for").fetchone()[0]
    return mark


def _empty(db: sqlite3.Connection) -> None:
    named = "SELECT name FROM search.sqlite_master WHERE type = 'table' AND sql LIKE ?"
    # FTS5 tables first: their shadow tables go with them.
    for kind in ("CREATE VIRTUAL%", "CREATE TABLE%"):
        for (name,) in db.execute(named, (kind,)).fetchall():
            db.execute(f"DROP TABLE search.{name}")


def _texts(record_fields: str, names: Iterable[str]) -> list[str]:
    values = json.loads(record_fields)
    return [to_text(values.get(name)) for name in names]


def _words_of(text: str) -> str:
    return " ".join(words(text))


def is_ready(db: sqlite3.Connection, dataset_id: str) -> bool:
    """Whether a data set is published."""
    sql = "SELECT 1 FROM main.datasets WHERE id = ? AND status = 'ready'"
    return db.execute(sql, (dataset_id,)).fetchone() is not None


def has_table(db: sqlite3.Connection, dataset_id: str) -> bool:
    """Whether a data set can be searched."""
    sql = "SELECT 1 FROM search.sqlite_master WHERE name = ?"
    return db.execute(sql, (table_name(dataset_id),)).fetchone() is not None


def _index_vectors(db: sqlite3.Connection, docs: Sequence[int]) -> None:
    rows = db.execute(
        "SELECT v.vector_settings_id, d.doc, v.value FROM main.copydesk_docs d "
        f"JOIN main.vectors v ON v.record_id = d.record_id WHERE d.doc IN ({marks(docs)})",
        docs,
    ).fetchall()
    db.executemany(
        "INSERT OR REPLACE INTO search.vectors (settings_id, doc, value) VALUES (?, ?, ?)",
        [(name, doc, array("f", json.loads(value)).tobytes()) for name, doc, value in rows],
    )
