"""Argilla's own migrations, with a message where the database is not of this version."""

from alembic.util import CommandError
from argilla_server._version import __version__
from argilla_server.cli.database.migrate import migrate_db


def migrate() -> None:
    """Bring the database to this server's schema; exits where another version made it."""
    try:
        migrate_db(revision="head")
    except CommandError as error:
        raise SystemExit(
            f"error: The database is of another version of Argilla than {__version__} ({error}).\n"
            "  → Use the Copydesk that this folder was last used with, or set COPYDESK_HOME to "
            "another folder and copydesk restore a backup of this version there."
        ) from error
