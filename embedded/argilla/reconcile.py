"""At start: bring the side file up to what Argilla's database holds after a crash."""

import sqlite3
from pathlib import Path

from embedded.argilla import text_index
from embedded.argilla.connections import connect
from embedded.argilla.index_tables import build_of

# One transaction each, so that a kill in the middle keeps what is done.
STEP = 5_000


def reconcile(database: Path, index: Path) -> int:
    """Index what a crash left out, forget what is gone; returns how many records were indexed.

    Runs before the server starts. A side file that is broken is thrown away.
    """
    if not database.exists():
        return 0
    try:
        return _reconcile(database, index)
    except sqlite3.DatabaseError as error:
        # Of a lock or a full disk a new file would be no cure.
        if isinstance(error, sqlite3.OperationalError):
            raise
        remove(index)
        return _reconcile(database, index)


def remove(index: Path) -> None:
    """Delete the side file with its journals."""
    for suffix in ("", "-wal", "-shm"):
        index.with_name(index.name + suffix).unlink(missing_ok=True)


def _reconcile(database: Path, index: Path) -> int:
    db = connect(database, index, timeout_seconds=60)
    try:
        if not build_of(db):
            return 0
        known = db.execute("SELECT DISTINCT dataset_id FROM search.indexed").fetchall()
        ready = db.execute("SELECT id FROM main.datasets WHERE status = 'ready'").fetchall()
        db.execute("BEGIN")
        for (dataset_id,) in ready:
            # Also of those without records, so that a search finds nothing instead of no table.
            text_index.create(db, dataset_id)
        db.execute("COMMIT")
        for (dataset_id,) in set(known) - set(ready):
            with db:
                text_index.drop_dataset(db, dataset_id)
        return sum(_index_missing(db, dataset_id) for (dataset_id,) in ready)
    finally:
        db.close()


def _index_missing(db: sqlite3.Connection, dataset_id: str) -> int:
    db.execute("BEGIN")
    text_index.forget_deleted(db, dataset_id)
    db.execute("COMMIT")
    stale = db.execute(
        "SELECT d.record_id FROM main.copydesk_docs d LEFT JOIN search.indexed i ON i.doc = d.doc "
        "WHERE d.dataset_id = ? AND (i.doc IS NULL OR i.version <> d.version)",
        (dataset_id,),
    ).fetchall()
    for start in range(0, len(stale), STEP):
        db.execute("BEGIN")
        text_index.index_records(db, dataset_id, [i for (i,) in stale[start : start + STEP]])
        db.execute("COMMIT")
    return len(stale)
