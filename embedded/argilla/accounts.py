"""Migrations, workspace and accounts of the embedded server, in one process.

Passwords and API keys are random, stand in one 0600 file, and are never printed.
"""

import argparse
import asyncio
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from argilla_server.cli.database.migrate import migrate_db
from argilla_server.contexts import accounts
from argilla_server.database import AsyncSessionLocal
from argilla_server.models import User, Workspace, WorkspaceUser

Account = dict[str, str]


def main(arguments: list[str]) -> None:
    """``accounts --credentials FILE --workspace NAME [--annotators N]``; twice changes nothing."""
    parser = argparse.ArgumentParser(prog="python -m embedded.argilla accounts")
    parser.add_argument("--credentials", type=Path, required=True)
    parser.add_argument("--workspace", required=True)
    parser.add_argument("--annotators", type=int, default=3)
    options = parser.parse_args(arguments)
    migrate_db(revision="head")
    wanted = _wanted(_read(options.credentials), options.annotators)
    # The file first: an account whose password nobody knows would be of no use.
    _write(options.credentials, wanted)
    asyncio.run(_ensure_all(wanted, options.workspace))
    sys.stdout.write(f"{len(wanted)} accounts ready\n")


def _wanted(known: dict[str, Account], annotators: int) -> dict[str, Account]:
    roles = {"owner": "owner", "admin": "admin"}
    roles |= {f"annotator-{number}": "annotator" for number in range(1, annotators + 1)}
    new = {name: _new_account(name, role) for name, role in roles.items() if name not in known}
    return {**known, **new}


def _new_account(username: str, role: str) -> Account:
    return {
        "username": username,
        "role": role,
        "password": secrets.token_urlsafe(18),
        "api_key": f"{username}.{secrets.token_urlsafe(48)}",
    }


async def _ensure_all(wanted: dict[str, Account], workspace_name: str) -> None:
    async with AsyncSessionLocal() as db:
        workspace = await Workspace.get_by(db, name=workspace_name)
        if workspace is None:
            workspace = await accounts.create_workspace(db, {"name": workspace_name})
        for account in wanted.values():
            user = await _ensure_user(db, account)
            member = await WorkspaceUser.get_by(db, workspace_id=workspace.id, user_id=user.id)
            if member is None:
                await WorkspaceUser.create(db, workspace_id=workspace.id, user_id=user.id)


async def _ensure_user(db: Any, account: Account) -> Any:
    user = await User.get_by(db, username=account["username"])
    if user is None:
        return await User.create(
            db,
            first_name=account["username"],
            username=account["username"],
            role=account["role"],
            password_hash=accounts.hash_password(account["password"]),
            api_key=account["api_key"],
        )
    if user.api_key != account["api_key"]:
        # The file was lost and made anew: its secrets count.
        password_hash = accounts.hash_password(account["password"])
        await user.update(db, api_key=account["api_key"], password_hash=password_hash)
    return user


def _read(file: Path) -> dict[str, Account]:
    if not file.exists():
        return {}
    found: dict[str, Account] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _write(file: Path, content: dict[str, Account]) -> None:
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(content, handle, indent=2)
    unfinished.replace(file)
