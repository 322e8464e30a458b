"""Connections of the search engine: a few of its own, apart from the server's pool.

A request holds one of the server's connections while it asks the engine. Taken from the same
pool, the engine's could never be had when all are held, and every request would wait for ever.
Readers run side by side. What writes to the side file runs one after the other, so that the last
to index a record is the last to have read it.
"""

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from argilla_server.database import async_engine
from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.settings import settings
from sqlalchemy import event, make_url

from embedded.argilla import index_tables, text_index

T = TypeVar("T")
log = logging.getLogger("argilla.copydesk")
READERS = 4
# What takes longer is a query made to take long; it must not keep a reader from everybody else.
READ_SECONDS = 20
STEPS_BETWEEN_LOOKS = 200_000
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
    return await _run(_readers, _read_transaction, work)


async def write(work: Callable[[sqlite3.Connection], T]) -> T:
    """Run ``work`` in the writer's thread and commit it."""
    return await _run(_writer, _write_transaction, work)


async def _run(
    threads: ThreadPoolExecutor,
    transaction: Callable[[Callable[[sqlite3.Connection], T]], T],
    work: Callable[[sqlite3.Connection], T],
) -> T:
    loop = asyncio.get_running_loop()
    asked = _inode(index_file())
    try:
        return await loop.run_in_executor(threads, transaction, work)
    except sqlite3.DatabaseError as error:
        if not _is_broken(error):
            raise
        log.error("The search index cannot be read (%s); it is built again.", error)
    await loop.run_in_executor(_writer, rebuild, asked)
    return await loop.run_in_executor(threads, transaction, work)


def rebuild(broken: int | None) -> None:
    """Make the side file anew, in the writer's thread; readers follow with their next question.

    ``broken`` is the inode of the one that failed: of many that fail at once the first rebuilds.
    """
    from embedded.argilla import reconcile

    if _inode(index_file()) not in (broken, None):
        return
    close()
    reconcile.remove(index_file())
    count = reconcile.reconcile(database_file(), index_file())
    log.warning("%d records are in the new search index.", count)


def close() -> None:
    """Close this thread's connection."""
    if getattr(_own, "db", None) is not None:
        _own.db.close()
    _own.db = None


def _is_broken(error: sqlite3.DatabaseError) -> bool:
    """Whether the side file is to blame, or gone, and not a lock, a full disk, a question."""
    if isinstance(error, IndexLostError):
        return True
    if isinstance(error, sqlite3.OperationalError):
        return "no such table: search." in str(error)
    return error.sqlite_errorname in ("SQLITE_CORRUPT", "SQLITE_CORRUPT_VTAB", "SQLITE_NOTADB")


class IndexLostError(sqlite3.DatabaseError):
    """The side file was deleted, or another put in its place, while it was in use."""


def _read_transaction(work: Callable[[sqlite3.Connection], T]) -> T:
    db = _connection()
    deadline = time.monotonic() + READ_SECONDS
    db.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_LOOKS)
    try:
        return _transaction(db, work)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_INTERRUPT":
            raise
        raise UnprocessableEntityError(
            f"the search was given up after {READ_SECONDS} s; ask for fewer words"
        ) from error
    finally:
        db.set_progress_handler(None, 0)


def _write_transaction(work: Callable[[sqlite3.Connection], T]) -> T:
    def first_lock(db: sqlite3.Connection) -> T:
        # Locks the side file alone, and waits for it. A transaction that has read it before
        # another process wrote would be refused at once.
        db.execute("UPDATE search.made_for SET mark = mark")
        return work(db)

    return _transaction(_connection(), first_lock)


def _transaction(db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    db.execute("BEGIN")
    try:
        result = work(db)
    except BaseException:
        # A broken file has ended the transaction already.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return result


def _connection() -> sqlite3.Connection:
    """This thread's connection; made on first use, and again when the files are others."""
    files = (database_file(), _inode(index_file()))
    if getattr(_own, "db", None) is None:
        _own.db = connect(database_file(), index_file(), settings.database_sqlite_timeout)
        _own.files = (database_file(), _inode(index_file()))
    elif _own.files != files:
        close()
        if files[1] is None:
            raise IndexLostError(f"{index_file().name} is gone")
        return _connection()
    db: sqlite3.Connection = _own.db
    return db


def _inode(file: Path) -> int | None:
    try:
        return file.stat().st_ino
    except FileNotFoundError:
        return None


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
