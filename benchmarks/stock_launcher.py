"""Argilla's server as it comes, with our search engine: what our launcher is compared with.

Runs in ``.venv-argilla``. Of ``embedded.argilla`` it takes the engine and its index, and none of
the launcher's changes to the server.
"""

import sys

from embedded.argilla import engine


def main(arguments: list[str]) -> None:
    """Register the engine, then run Argilla's own command line."""
    engine.refuse_other_databases()
    engine.attach_index_on_connect()
    # Imported late: it creates the application, which must find the engine registered.
    from argilla_server.cli import app

    app(args=arguments, prog_name="python -m benchmarks.stock_launcher")


if __name__ == "__main__":
    main(sys.argv[1:])
