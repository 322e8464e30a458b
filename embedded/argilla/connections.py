"""Connections of the search engine: a few of its own, apart from the server's pool.

A request holds one of the server's connections while it asks the engine. Taken from the same
pool, the engine's could never be had when all are held, and every request would wait for ever.
Readers run side by side. What writes to the side file runs one after the other, so that the last
to index a record is the last to have read it.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from argilla_server.database import async_engine
from argilla_server.settings import settings
from sqlalchemy import event, make_url

from embedded.argilla import index_tables, text_index

T = TypeVar("T")
READERS = 4
READER_CACHE_KIB = 8_192
_readers = ThreadPoolExecutor(READERS, thread_name_prefix="search")
_writer = ThreadPoolExecutor(1, thread_name_prefix="index")
_own = threading.local()


def database_file() -> Path:
    """Argilla's own database."""
    return Path(make_url(settings.database_url).database or "")


def index_file() -> Path:
    """The side file beside it."""
    return database_file().with_name("search.db")


def refuse_other_databases() -> None:
    """This engine reads Argilla's tables in SQLite; it cannot serve another database."""
    if not settings.database_is_sqlite:
        kind = make_url(settings.database_url).get_backend_name()
        raise SystemExit(
            f"error: the embedded search engine reads SQLite; ARGILLA_DATABASE_URL names {kind}.\n"
            "  → Unset ARGILLA_DATABASE_URL, or run the stock Argilla server with Elasticsearch "
            "(docs/team-server.md)."
        )


def let_many_read() -> None:
    """Give the server's own connections settings under which readers never wait for a writer."""

    @event.listens_for(async_engine.sync_engine, "connect")
    def set_pragmas(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.close()


async def read(work: Callable[[sqlite3.Connection], T]) -> T:
    """Run ``work`` in a reader's thread, in one snapshot of both files."""
    return await asyncio.get_running_loop().run_in_executor(_readers, _transaction, work)


async def write(work: Callable[[sqlite3.Connection], T]) -> T:
    """Run ``work`` in the writer's thread and commit it."""
    return await asyncio.get_running_loop().run_in_executor(_writer, _transaction, work)


def _transaction(work: Callable[[sqlite3.Connection], T]) -> T:
    db = _connection()
    db.execute("BEGIN")
    try:
        result = work(db)
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return result


def _connection() -> sqlite3.Connection:
    """This thread's connection; made on first use, and again when the database is another."""
    file = database_file()
    if getattr(_own, "file", None) != file:
        _own.db = connect(file, index_file(), settings.database_sqlite_timeout)
        _own.file = file
    db: sqlite3.Connection = _own.db
    return db


def connect(database: Path, index: Path, timeout_seconds: float | None) -> sqlite3.Connection:
    """Argilla's database with the side file attached as ``search`` and all tables in place."""
    db = sqlite3.connect(
        database, timeout=timeout_seconds or 30, isolation_level=None, check_same_thread=False
    )
    # JSON may hold half of a surrogate pair, which is no UTF-8.
    db.text_factory = lambda text: text.decode("utf-8", "replace")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
    db.execute("PRAGMA temp_store = MEMORY")
    index_tables.ensure_in(db)
    text_index.attach(db, index)
    return db
