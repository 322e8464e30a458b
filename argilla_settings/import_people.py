"""Users and workspaces of an export, on another server.

A user whose name is taken there is that user. All others are made anew, under their old id where
it is free, with random passwords and API keys in one 0600 file.
"""

import json
import logging
import os
import secrets
from pathlib import Path

import argilla as rg

from argilla_settings.rest import Row, read_items, send
from argilla_settings.transfer_file import ExportFile
from corpus.errors import DeskError

log = logging.getLogger(__name__)

Accounts = dict[str, dict[str, str]]


def import_users(client: rg.Argilla, export: ExportFile, accounts_file: Path) -> dict[str, str]:
    """Make the users who are not there; returns their id in the export → id here."""
    there = {user["username"]: user for user in read_items(client, "users")}
    taken = {user["id"] for user in there.values()}
    accounts = _read(accounts_file)
    ids: dict[str, str] = {}
    for user in export.lines("users.jsonl"):
        name = user["username"]
        if name not in there:
            known = accounts.setdefault(name, _new_account(user))
            # The file first: an account whose password nobody knows would be of no use.
            _write(accounts_file, accounts)
            there[name] = send(client, "POST", "users", _to_create(user, known, taken))
        if name in accounts and not accounts[name].get("api_key"):
            accounts[name]["api_key"] = there[name]["api_key"]
            _write(accounts_file, accounts)
        if there[name]["role"] != user["role"]:
            log.warning("%s is %s here, was %s", name, there[name]["role"], user["role"])
        ids[user["id"]] = there[name]["id"]
    return ids


def import_workspaces(
    client: rg.Argilla, export: ExportFile, ids: dict[str, str]
) -> dict[str, str]:
    """Make workspaces and memberships that are not there; returns workspace name → id here."""
    there = {w["name"]: w["id"] for w in read_items(client, "me/workspaces")}
    by_name = {user["username"]: ids[user["id"]] for user in export.lines("users.jsonl")}
    for workspace in export.lines("workspaces.jsonl"):
        name = workspace["name"]
        if name not in there:
            there[name] = send(client, "POST", "workspaces", {"name": name})["id"]
        address = f"workspaces/{there[name]}/users"
        members = {member["id"] for member in read_items(client, address)}
        for member in workspace["members"]:
            if by_name[member] not in members:
                send(client, "POST", address, {"user_id": by_name[member]})
    return there


def _new_account(user: Row) -> dict[str, str]:
    return {
        "username": user["username"],
        "role": user["role"],
        "password": secrets.token_urlsafe(18),
    }


def _to_create(user: Row, account: dict[str, str], taken: set[str]) -> Row:
    body = {
        "first_name": (user["first_name"] or "").strip() or user["username"],
        "last_name": (user["last_name"] or "").strip() or None,
        "username": user["username"],
        "role": user["role"],
        "password": account["password"],
    }
    # A server that ignores the id gives another; the answers then follow that one.
    return body if user["id"] in taken else {**body, "id": user["id"]}


def _read(file: Path) -> Accounts:
    try:
        found: Accounts = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except (OSError, ValueError) as error:
        raise DeskError(
            f"Accounts file {file} cannot be read ({type(error).__name__}).",
            "Pass another name with --accounts; a new file is made there.",
        ) from error
    return found


def _write(file: Path, accounts: Accounts) -> None:
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(
            unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600
        )
    except OSError as error:
        raise DeskError(
            f"Accounts file {file} cannot be written: {error.strerror}.",
            "Pass one in a folder of yours with --accounts.",
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(accounts, handle, indent=2)
    unfinished.replace(file)
