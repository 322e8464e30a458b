"""Argilla's database before its server starts: migrations that leave no half schema, accounts."""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import ServiceError, said_error
from embedded.home import Home, write_private
from embedded.processes import ACCOUNTS, MARKER, PROGRAM
from embedded.programs import PROJECT, argilla_environment, argilla_python
from embedded.snapshot import copy_database
from embedded.users import DEFAULT_WORKSPACE

WORKSPACE = DEFAULT_WORKSPACE
NEW, COPIED = "new", "copied"


@dataclass(frozen=True, slots=True)
class Files:
    """What stands beside the database of a home."""

    folder: Path

    @property
    def database(self) -> Path:
        """Argilla's own."""
        return self.folder / "argilla.db"

    @property
    def mark(self) -> Path:
        """There while migrations may run; says whether ``former`` was made for them."""
        return self.folder / "preparing"

    @property
    def former(self) -> Path:
        """The database before migrations."""
        return self.folder / "before-migration.db"

    @property
    def prepared(self) -> Path:
        """The version of the server that the database was last prepared for."""
        return self.folder / "prepared"


def refuse_other_database() -> None:
    """Raise ServiceError where the user's environment names a database for Argilla.

    Only its kind is named: the address holds a password.
    """
    url = os.environ.get("ARGILLA_DATABASE_URL", "")
    if url:
        kind = re.split(r"\W", url)[0] if "://" in url else "no address"
        raise ServiceError(
            "The embedded Argilla keeps its data in COPYDESK_HOME, in SQLite, and "
            f"ARGILLA_DATABASE_URL names another database ({kind}).",
            "Unset ARGILLA_DATABASE_URL, or run the stock Argilla server on that database "
            "(docs/team-server.md) and set ARGILLA_API_URL.",
        )


def prepare_database(home: Home) -> None:
    """Migrations and accounts, for a home whose server does not run.

    Argilla's migrations are many steps that SQLite commits one by one: killed in the middle, they
    could never go on. So what a killed preparation left is undone first, from a copy that is made
    whenever the server's version is another than last time.
    """
    files = Files(home.root / "argilla")
    if files.mark.exists():
        undo(files)
    version = _server_version()
    if not files.database.exists():
        write_private(files.mark, NEW)
    elif not files.prepared.exists() or files.prepared.read_text(encoding="utf-8") != version:
        files.former.unlink(missing_ok=True)
        copy_database(files.database, files.former, lambda _: None)
        write_private(files.mark, COPIED)
    make_accounts(home)
    write_private(files.prepared, version)
    files.mark.unlink(missing_ok=True)
    files.former.unlink(missing_ok=True)


def make_accounts(home: Home) -> None:
    """Argilla's database, workspace and accounts; twice changes nothing."""
    command = [str(argilla_python()), "-m", "embedded.argilla", "accounts"]
    command += ["--credentials", str(home.accounts), "--workspace", WORKSPACE]
    environment = {**os.environ, **argilla_environment(home)}
    environment |= {MARKER: str(home.root), PROGRAM: ACCOUNTS}
    # No pipe, which would end with `up`, nor a log: an error may quote what was to be stored. In
    # a session of its own Ctrl-C does not reach it; what `up` began it ends by itself.
    with tempfile.TemporaryFile() as output:
        made = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            env=environment,
            cwd=PROJECT,
            start_new_session=True,
            umask=0o077,
        )
        output.seek(0)
        said = output.read().decode(errors="replace").strip() or "no message"
    if made.returncode:
        raise said_error(said) or ServiceError(
            f"Argilla's database could not be prepared: {said.splitlines()[-1]}",
            f"Check that {home.root} is writable, then run copydesk up again.",
        )


def undo(files: Files) -> None:
    """Put the database back as it was before a preparation that was killed."""
    was_new = files.mark.read_text(encoding="utf-8") == NEW
    # A copy that is gone was put back already, by somebody who was killed right after it.
    if was_new or files.former.exists():
        for suffix in ("-wal", "-shm", "-journal"):
            files.database.with_name(f"argilla.db{suffix}").unlink(missing_ok=True)
        if was_new:
            files.database.unlink(missing_ok=True)
        else:
            files.former.replace(files.database)
    files.mark.unlink()


def _server_version() -> str:
    code = "import importlib.metadata as m; print(m.version('argilla-server'))"
    asked = subprocess.run(
        [argilla_python(), "-c", code], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip()
