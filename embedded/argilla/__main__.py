"""``python -m embedded.argilla …``: argilla-server's command line with our search engine.

``start``, ``worker``, ``database migrate``, ``search-engine reindex`` are Argilla's own;
``accounts``, ``users`` and ``weak-secrets`` are ours: each does its work in one process.
"""

import sys
from functools import partial

import uvicorn

from embedded.argilla import bare, scratch

OURS = ("accounts", "users", "weak-secrets")

# Before argilla_server is imported: it fills a temporary folder, and builds its application.
scratch.use()
if sys.argv[1:2] and sys.argv[1] in OURS:
    bare.leave_out_the_application()

from argilla_server.settings import settings

from embedded.argilla import (
    accounts,
    connections,
    engine,
    index_tables,
    speed,
    statements,
    users,
    weak_secrets,
)
from embedded.argilla.reconcile import reconcile
from embedded.ports import IDLE_SECONDS


def main(arguments: list[str]) -> None:
    """Register the engine, then run the command."""
    scratch.make_private()
    settings.search_engine = engine.NAME
    connections.refuse_other_databases()
    connections.let_many_read()
    statements.hide_values()
    commands = dict(zip(OURS, (accounts.main, users.main, weak_secrets.main), strict=True))
    if arguments[:1] and arguments[0] in commands:
        commands[arguments[0]](arguments[1:])
        return
    speed.patch()
    _protect()
    # Imported late: it creates the application, which must find the engine registered.
    from argilla_server.cli import app

    if arguments[:1] == ["start"]:
        index_tables.ensure(connections.database_file())
        reconcile(connections.database_file(), connections.index_file())
        if not any(argument.startswith("--host") for argument in arguments):
            # Argilla's own default is every address of the machine.
            arguments = [*arguments, "--host", "127.0.0.1"]
    app(args=arguments, prog_name="python -m embedded.argilla")


def _protect() -> None:
    from argilla_server._app import app

    from embedded.argilla import secrecy, sessions
    from embedded.argilla.guard import Guard

    # Argilla's command leaves uvicorn's default.
    uvicorn.run = partial(uvicorn.run, timeout_keep_alive=IDLE_SECONDS)
    secrecy.close()
    sessions.sign_with_current_secret()
    sessions.end_with_the_account()
    app.add_middleware(Guard)


if __name__ == "__main__":
    main(sys.argv[1:])
