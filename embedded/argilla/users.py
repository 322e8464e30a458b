"""``users``: add, list, rotate, remove, assign and unassign accounts of the embedded server.

One request (JSON on stdin, so that nothing stands in a process list), one answer (JSON, the last
line on stdout). The database is written directly: it works while the server runs and while not.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from argilla_server.database import AsyncSessionLocal
from argilla_server.models import Response, User, Workspace, WorkspaceUser
from sqlalchemy import delete, func, select

from embedded.argilla import accounts, accounts_file, migrations, removal
from embedded.argilla.accounts_file import Account
from embedded.argilla.refusal import RefusedError

Request = dict[str, Any]
Answer = dict[str, Any]


def main(arguments: list[str]) -> None:
    """``users --credentials FILE --workspace NAME < request``; exit code 2 is a refusal."""
    parser = argparse.ArgumentParser(prog="python -m embedded.argilla users")
    parser.add_argument("--credentials", type=Path, required=True)
    parser.add_argument("--workspace", required=True)
    options = parser.parse_args(arguments)
    request = json.load(sys.stdin)
    if request["action"] != "list":
        migrations.migrate()
    try:
        with accounts_file.locked(options.credentials):
            answer = asyncio.run(_answer(request, options.credentials, options.workspace))
    except RefusedError as error:
        refusal = {"problem": error.problem, "next_step": error.next_step}
        sys.stdout.write(json.dumps(refusal) + "\n")
        sys.exit(2)
    sys.stdout.write(json.dumps(answer) + "\n")


async def _answer(request: Request, file: Path, workspace: str) -> Answer:
    # Who only looks changes nothing.
    if request["action"] != "list":
        await accounts.set_up(file, workspace)
    actions: dict[str, Callable[[Any, Request, Path], Awaitable[Answer]]] = {
        "add": _add,
        "list": _list,
        "rotate": _rotate,
        "remove": _remove,
        "assign": _assign,
        "unassign": _unassign,
    }
    async with AsyncSessionLocal() as db:
        return await actions[request["action"]](db, request, file)


async def _add(db: Any, request: Request, file: Path) -> Answer:
    name = request["name"]
    if await User.get_by(db, username=name) is not None:
        raise RefusedError(
            f"There is a user {name!r} already.",
            f"copydesk users rotate {name} gives new secrets, copydesk users assign {name} "
            "another workspace.",
        )
    await _require_workspaces(db, request)
    account = accounts_file.new_account(name, request["role"], request["workspaces"])
    # Simulated reviewers answer as the accounts of this file, but not as a person.
    return await _save(db, file, {**account, "person": True})


async def _rotate(db: Any, request: Request, file: Path) -> Answer:
    user = await _require_user(db, request["name"])
    known = accounts_file.read(file).get(user.username, {})
    new: Account = {"username": user.username, "person": True, "workspaces": [], **known}
    new |= {"role": user.role.value, "api_key": user.api_key, "pending": True}
    if "api_key" in request["what"]:
        new["api_key"] = accounts_file.new_key(user.username)
    if "password" in request["what"]:
        new["password"] = accounts_file.new_password()
    return await _save(db, file, new)


async def _save(db: Any, file: Path, account: Account) -> Answer:
    """File (pending), database, file; an error puts the old file back."""
    before = accounts_file.read(file)
    after = {**before, account["username"]: account}
    accounts_file.write(file, after)
    try:
        await accounts.ensure_user(db, account)
        await db.commit()
    except BaseException:
        accounts_file.write(file, before)
        raise
    accounts_file.write(file, accounts_file.settled(after))
    return {
        key: account[key] for key in ("username", "role", "password", "api_key") if key in account
    }


async def _list(db: Any, request: Request, file: Path) -> Answer:
    known = accounts_file.read(file)
    counts = select(Response.user_id, func.count()).group_by(Response.user_id)
    answers = dict((await db.execute(counts)).all())
    places: dict[Any, list[str]] = {}
    members = select(WorkspaceUser.user_id, Workspace.name).join(Workspace).order_by(Workspace.name)
    for user_id, workspace in await db.execute(members):
        places.setdefault(user_id, []).append(workspace)
    users = (await db.scalars(select(User).order_by(User.inserted_at))).all()
    rows = [
        {
            "username": user.username,
            "role": user.role.value,
            "workspaces": places.get(user.id, []),
            "answers": answers.get(user.id, 0),
            "in_accounts_file": user.username in known,
        }
        for user in users
    ]
    return {"users": rows}


async def _remove(db: Any, request: Request, file: Path) -> Answer:
    user = await _require_user(db, request["name"])
    await removal.require_removable(db, user, request["answers"])
    before = accounts_file.read(file)
    # The file first: killed in between, the account is still there and can be removed again.
    accounts_file.write(file, {n: a for n, a in before.items() if n != user.username})
    try:
        if request["answers"] == "keep":
            answer = await removal.lock_out(db, user)
        else:
            answer = await removal.delete_with_answers(db, user)
    except BaseException:
        accounts_file.write(file, before)
        raise
    return answer


async def _assign(db: Any, request: Request, file: Path) -> Answer:
    users = [await _require_user(db, name) for name in request["names"]]
    await _require_workspaces(db, request)
    for name in request["workspaces"]:
        workspace = await accounts.ensure_workspace(db, name)
        await db.flush()
        for user in users:
            membership = {"workspace_id": workspace.id, "user_id": user.id}
            if await WorkspaceUser.get_by(db, **membership) is None:
                await WorkspaceUser.create(db, **membership, autocommit=False)
    await db.commit()
    return {}


async def _unassign(db: Any, request: Request, file: Path) -> Answer:
    users = [await _require_user(db, name) for name in request["names"]]
    await _require_workspaces(db, request)
    places = select(Workspace.id).where(Workspace.name.in_(request["workspaces"]))
    statement = delete(WorkspaceUser).where(
        WorkspaceUser.workspace_id.in_(places),
        WorkspaceUser.user_id.in_([user.id for user in users]),
    )
    await db.execute(statement)
    await db.commit()
    return {}


async def _require_user(db: Any, name: str) -> Any:
    user = await User.get_by(db, username=name)
    if user is None:
        names = ", ".join(sorted(await db.scalars(select(User.username))))
        raise RefusedError(f"There is no user {name!r}; there are {names}.", "copydesk users list")
    return user


async def _require_workspaces(db: Any, request: Request) -> None:
    """A workspace must exist, but for a desk's: a mistyped one would be made and stay empty."""
    if request["make_workspaces"]:
        return
    existing = sorted(await db.scalars(select(Workspace.name)))
    for name in request["workspaces"]:
        if name not in existing:
            raise RefusedError(
                f"There is no workspace {name!r}; there are {', '.join(existing)}.",
                "Name one of these, or pass --desk FILE: a desk's own workspace is made for it.",
            )
