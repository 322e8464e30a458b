"""A consistent copy of a SQLite database that somebody is writing to."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from embedded.errors import ServiceError

PAGES = 2000
WAIT_SECONDS = 60


def copy_database(source: Path, target: Path, progress: Callable[[int], None]) -> None:
    """Copy by SQLite's online backup, page by page, so that rowids stay; checked afterwards.

    ``progress`` gets the bytes copied so far. With a write-ahead log writers are not kept waiting.
    """
    try:
        with closing(_open(source)) as database, closing(sqlite3.connect(target)) as copy:
            _copy(database, copy, progress)
    except sqlite3.Error as error:
        raise ServiceError(
            f"The database {source} cannot be copied: {error}.",
            f"Check that {target.parent} has room and that {source} is whole.",
        ) from error
    require_whole(target, source)


def _copy(
    database: sqlite3.Connection, copy: sqlite3.Connection, progress: Callable[[int], None]
) -> None:
    # The transaction holds one state: without it, each commit would begin the copy anew.
    database.execute("BEGIN")
    database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    page_bytes = int(database.execute("PRAGMA page_size").fetchone()[0])
    database.backup(
        copy,
        pages=PAGES,
        progress=lambda _, left, total: progress((total - left) * page_bytes),
    )
    database.rollback()


def require_whole(database: Path, named: Path) -> None:
    """ServiceError where SQLite finds the file damaged; ``named`` is what the message calls it."""
    try:
        with closing(_open(database)) as db:
            found = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise ServiceError(
            f"The database {named} is damaged: {found}",
            "Restore the last backup that was whole: copydesk restore FILE --replace",
        )


def _open(database: Path) -> sqlite3.Connection:
    uri = f"{database.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, isolation_level=None)
