"""Argilla's server as it comes, with our search engine: what our launcher is compared with.

Runs in ``.venv-argilla``. Of ``embedded.argilla`` it takes the engine with its index and
connections, and none of the launcher's changes to the server.
"""

import sys

from argilla_server.settings import settings

from embedded.argilla import connections, engine, index_tables


def main(arguments: list[str]) -> None:
    """Register the engine, then run Argilla's own command line."""
    settings.search_engine = engine.NAME
    connections.let_many_read()
    index_tables.ensure(connections.database_file())
    # Imported late: it creates the application, which must find the engine registered.
    from argilla_server.cli import app

    app(args=arguments, prog_name="python -m benchmarks.stock_launcher")


if __name__ == "__main__":
    main(sys.argv[1:])
