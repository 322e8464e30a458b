"""What filters and sorts ask, in narrow tables beside Argilla's own, kept by SQLite's triggers.

Argilla's tables hold metadata, suggestions and answers as JSON: a filter over 100,000 records
reads all of it. Here each value is a row of an index. The triggers run inside the transaction
that changes the JSON, so nothing can drift, whoever writes and whenever it is killed. What is
indexed is what stock Argilla's mapping indexes: metadata of defined properties, labels and
ratings of suggestions and answers, scores, agents, types.
"""

import sqlite3
from pathlib import Path

from embedded.argilla import index_triggers, index_values

# Raise it when tables or triggers change: they are made anew from Argilla's tables.
VERSION = 3

TABLES = """
CREATE TABLE copydesk_docs (
    doc INTEGER PRIMARY KEY AUTOINCREMENT, record_id TEXT NOT NULL UNIQUE, dataset_id TEXT NOT NULL,
    status TEXT NOT NULL, external_id TEXT, inserted_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX copydesk_docs_of_dataset ON copydesk_docs (dataset_id, status);
CREATE TABLE copydesk_properties (
    id INTEGER PRIMARY KEY, dataset_id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    type TEXT NOT NULL, owner TEXT NOT NULL, UNIQUE (dataset_id, kind, name)
);
CREATE INDEX copydesk_properties_of_owner ON copydesk_properties (owner, kind);
CREATE TABLE copydesk_values (
    property INTEGER NOT NULL, value NOT NULL, doc INTEGER NOT NULL,
    PRIMARY KEY (property, value, doc)
) WITHOUT ROWID;
CREATE TABLE copydesk_responses (
    dataset_id TEXT NOT NULL, user_id TEXT NOT NULL, status TEXT NOT NULL, doc INTEGER NOT NULL,
    PRIMARY KEY (dataset_id, user_id, status, doc)
) WITHOUT ROWID;
CREATE TABLE copydesk_answers (
    property INTEGER NOT NULL, value NOT NULL, doc INTEGER NOT NULL, user_id TEXT NOT NULL,
    PRIMARY KEY (property, value, doc, user_id)
) WITHOUT ROWID;
CREATE TABLE copydesk_index (version INTEGER NOT NULL, build TEXT NOT NULL);
"""
NAMES = ("docs", "properties", "values", "responses", "answers", "index")


def ensure(database: Path) -> bool:
    """Make tables and triggers where they are missing or of another version; whether it did.

    Argilla's migrations come first: without its tables there is nothing to index.
    """
    if not database.exists():
        return False
    db = sqlite3.connect(database, timeout=60, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        return ensure_in(db)
    finally:
        db.close()


def ensure_in(db: sqlite3.Connection) -> bool:
    """The same on an open connection that is in no transaction."""
    if not _has(db, "table", "webhooks") or _is_complete(db):
        return False
    db.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        if not _is_complete(db):
            build(db)
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return True


def build(db: sqlite3.Connection) -> None:
    """All of it anew, inside the caller's transaction."""
    for name in index_triggers.NAMES:
        db.execute(f"DROP TRIGGER IF EXISTS main.{name}")
    for name in NAMES:
        db.execute(f"DROP TABLE IF EXISTS main.copydesk_{name}")
    for statement in TABLES.split(";"):
        db.execute(statement)
    for statement in index_values.FILL:
        db.execute(statement)
    for statement in index_triggers.TRIGGERS:
        db.execute(statement)
    db.execute("INSERT INTO copydesk_index VALUES (?, hex(randomblob(8)))", (VERSION,))


def build_of(db: sqlite3.Connection) -> str:
    """Which numbering of documents this is; empty where there is none."""
    if not _has(db, "table", "copydesk_index"):
        return ""
    build: str = db.execute("SELECT build FROM main.copydesk_index").fetchone()[0]
    return build


def _is_complete(db: sqlite3.Connection) -> bool:
    if not _has(db, "table", "copydesk_index"):
        return False
    version = db.execute("SELECT max(version) FROM main.copydesk_index").fetchone()
    # A migration that makes a table anew loses its triggers.
    return version == (VERSION,) and all(_has(db, "trigger", name) for name in index_triggers.NAMES)


def _has(db: sqlite3.Connection, kind: str, name: str) -> bool:
    sql = "SELECT 1 FROM main.sqlite_master WHERE type = ? AND name = ?"
    return db.execute(sql, (kind, name)).fetchone() is not None
