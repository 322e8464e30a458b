"""``python -m embedded.argilla …``: argilla-server's command line with our search engine.

``start``, ``worker``, ``database migrate``, ``search-engine reindex`` are Argilla's own;
``accounts`` is ours: migrations and all accounts in one process.
"""

import sys

from argilla_server.settings import settings

from embedded.argilla import accounts, connections, engine, index_tables, speed
from embedded.argilla.reconcile import reconcile


def main(arguments: list[str]) -> None:
    """Register the engine, then run the command."""
    settings.search_engine = engine.NAME
    connections.refuse_other_databases()
    connections.let_many_read()
    speed.patch()
    if arguments[:1] == ["accounts"]:
        accounts.main(arguments[1:])
        return
    if arguments[:1] == ["start"]:
        index_tables.ensure(connections.database_file())
        reconcile(connections.database_file(), connections.index_file())
    # Imported late: it creates the application, which must find the engine registered.
    from argilla_server.cli import app

    app(args=arguments, prog_name="python -m embedded.argilla")


if __name__ == "__main__":
    main(sys.argv[1:])
