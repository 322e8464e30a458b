"""The server's application in this process, set up as the launcher sets it up."""

import asyncio
import io
import secrets
import sqlite3
from contextlib import redirect_stdout
from typing import Any
from uuid import UUID

import argilla_server.cli
import httpx
from argilla_server.cli.database.migrate import migrate_db
from argilla_server.database import AsyncSessionLocal, async_engine
from argilla_server.models import Dataset, User, UserRole
from sqlalchemy import make_url, select
from sqlalchemy.orm import selectinload

from embedded.argilla.__main__ import main
from embedded.argilla.engine import SqliteSearchEngine

USERS = ("owner", "ann", "bob")
PASSWORD_HASH = "$2y$05$eaw.j2Kaw8s8vpscVIZMfuqSIX3OLmxA21WjtWicDdn0losQ91Hw."


class Server:
    """Argilla's API and our engine, called without a socket; one event loop for both."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        with redirect_stdout(io.StringIO()):
            migrate_db("head")
        launch()
        from argilla_server._app import create_server_app

        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(create_server_app(), raise_app_exceptions=False),
            base_url="http://test",
        )
        self.users: dict[str, User] = self.runner.run(self._make_users())
        name = f"properties-{secrets.token_hex(4)}"
        self.workspace_id = self.call("POST", "workspaces", {"name": name})["id"]

    async def _make_users(self) -> dict[str, User]:
        async with AsyncSessionLocal() as db:
            known = set((await db.scalars(select(User.username))).all())
            for name in [name for name in USERS if name not in known]:
                user = User(first_name=name, username=name, api_key=name, role=UserRole.owner)
                user.password_hash = PASSWORD_HASH
                db.add(user)
            await db.commit()
            users = (await db.scalars(select(User))).all()
            return {user.username: user for user in users}

    def ask(self, method: str, path: str, body: Any = None, user: str = "owner") -> httpx.Response:
        """One request, whatever comes of it."""
        headers = {"X-Argilla-Api-Key": user}
        sent = self.http.request(method, f"/api/v1/{path}", json=body, headers=headers)
        return self.runner.run(sent)

    def call(self, method: str, path: str, body: Any = None, user: str = "owner") -> Any:
        """One request that must succeed; its JSON."""
        answer = self.ask(method, path, body, user)
        assert answer.status_code < 300, f"{method} {path} {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def engine(self, method: str, *arguments: Any, **named: Any) -> Any:
        """One call of the search engine."""
        return self.runner.run(self._engine(method, arguments, named))

    async def _engine(self, method: str, arguments: Any, named: Any) -> Any:
        engine = await SqliteSearchEngine.new_instance()
        try:
            return await getattr(engine, method)(*arguments, **named)
        finally:
            await engine.close()

    def dataset(self, dataset_id: str) -> Dataset:
        """The data set as the handlers give it to the engine."""
        return self.runner.run(self._dataset(dataset_id))

    async def _dataset(self, dataset_id: str) -> Dataset:
        parts = (Dataset.fields, Dataset.metadata_properties, Dataset.vectors_settings)
        async with AsyncSessionLocal() as db:
            options = [selectinload(part) for part in parts]
            return await Dataset.get_or_raise(db, UUID(dataset_id), options=options)

    def close(self) -> None:
        """End the connections and the loop."""
        self.runner.run(self.http.aclose())
        self.runner.run(async_engine.dispose())
        self.runner.close()


def launch() -> None:
    """Run the launcher's `start` up to where Argilla's own command line begins."""
    command_line = argilla_server.cli.app
    argilla_server.cli.app = lambda **_: None
    try:
        main(["start"])
    finally:
        argilla_server.cli.app = command_line


def read_database(sql: str, *values: Any) -> list[sqlite3.Row]:
    """Rows of Argilla's own tables, read past the engine."""
    file = make_url(str(async_engine.url)).database
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        return db.execute(sql, values).fetchall()
