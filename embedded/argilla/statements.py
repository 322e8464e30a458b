"""What errors of the database may say."""

from argilla_server.database import async_engine, sync_engine


def hide_values() -> None:
    """SQLAlchemy's errors quote a failed statement's values: keys, password hashes."""
    for engine in (async_engine.sync_engine, sync_engine):
        engine.hide_parameters = True
