"""Migrations, workspace and accounts of the embedded server, in one process.

Passwords and API keys are random, stand in one 0600 file, and are never printed.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from argilla_server.contexts import accounts
from argilla_server.database import AsyncSessionLocal
from argilla_server.models import User, Workspace, WorkspaceUser
from sqlalchemy import select

from embedded.argilla import accounts_file, migrations
from embedded.argilla.accounts_file import Account, Accounts


def main(arguments: list[str]) -> None:
    """``accounts --credentials FILE --workspace NAME [--annotators N]``; twice changes nothing."""
    parser = argparse.ArgumentParser(prog="python -m embedded.argilla accounts")
    parser.add_argument("--credentials", type=Path, required=True)
    parser.add_argument("--workspace", required=True)
    parser.add_argument("--annotators", type=int, default=3)
    options = parser.parse_args(arguments)
    migrations.migrate()
    with accounts_file.locked(options.credentials):
        ready = asyncio.run(
            set_up(options.credentials, options.workspace, annotators=options.annotators)
        )
    sys.stdout.write(f"{len(ready)} accounts ready\n")


async def set_up(file: Path, workspace: str, annotators: int = 3) -> Accounts:
    """Make the first accounts, finish what was interrupted; returns the accounts of the file."""
    async with AsyncSessionLocal() as db:
        existing = set(await db.scalars(select(User.username)))
        wanted = _wanted(accounts_file.read(file), existing, workspace, annotators)
        # The file first: an account whose password nobody knows would be of no use.
        accounts_file.write(file, wanted)
        await ensure_workspace(db, workspace)
        for account in wanted.values():
            await ensure_user(db, account)
        await db.commit()
    ready = accounts_file.settled(wanted)
    accounts_file.write(file, ready)
    return ready


def _wanted(known: Accounts, existing: set[str], workspace: str, annotators: int) -> Accounts:
    """The file's accounts, or new ones where it is lost; accounts removed elsewhere stay away."""
    if not known:
        roles = {"owner": "owner", "admin": "admin"}
        roles |= {f"annotator-{number}": "annotator" for number in range(1, annotators + 1)}
        return {
            name: accounts_file.new_account(name, role, [workspace])
            for name, role in roles.items()
            if not existing or name in existing or name == "owner"
        }
    return {
        name: {"workspaces": [workspace], **account}
        for name, account in known.items()
        if name in existing
        or ("password" in account and (not existing or account.get("pending") or name == "owner"))
    }


async def ensure_workspace(db: Any, name: str) -> Any:
    """The workspace, made if it does not exist. Does not commit."""
    found = await Workspace.get_by(db, name=name)
    return found or await Workspace.create(db, name=name, autocommit=False)


async def ensure_user(db: Any, account: Account) -> None:
    """Make an account that is missing, finish what was interrupted. Does not commit.

    Else its secrets stay: who changed them elsewhere (in Argilla, by `import-argilla`) has the
    newer ones.
    """
    user = await User.get_by(db, username=account["username"])
    if user is None:
        await _create_user(db, account)
    elif account.get("pending"):
        # Interrupted, or the file was lost and made anew: its secrets count.
        values = {"api_key": account["api_key"]}
        if "password" in account:
            values["password_hash"] = accounts.hash_password(account["password"])
        await user.update(db, **values, autocommit=False)


async def _create_user(db: Any, account: Account) -> None:
    user = await User.create(
        db,
        first_name=account["username"],
        username=account["username"],
        role=account["role"],
        password_hash=accounts.hash_password(account["password"]),
        api_key=account["api_key"],
        autocommit=False,
    )
    await db.flush()
    for name in account.get("workspaces", ()):
        workspace = await ensure_workspace(db, name)
        await db.flush()
        await WorkspaceUser.create(db, workspace_id=workspace.id, user_id=user.id, autocommit=False)
