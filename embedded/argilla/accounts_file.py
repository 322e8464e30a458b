"""The accounts file: passwords and API keys of the embedded Argilla, 0600.

A change is written here first, marked ``pending``, and then to the database. What was killed in
between is therefore finished by the next command, and no account has a password nobody knows.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Account = dict[str, Any]
Accounts = dict[str, Account]


def new_account(username: str, role: str, workspaces: list[str]) -> Account:
    """An account with random secrets, not yet in the database."""
    return {
        "username": username,
        "role": role,
        "password": new_password(),
        "api_key": new_key(username),
        "workspaces": workspaces,
        "pending": True,
    }


def new_password() -> str:
    """144 random bits."""
    return secrets.token_urlsafe(18)


def new_key(username: str) -> str:
    """384 random bits; the name in front says whose key it is."""
    return f"{username}.{secrets.token_urlsafe(48)}"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Two commands that change accounts at once wait for each other."""
    descriptor = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read(file: Path) -> Accounts:
    """Name → account; empty where there is no file."""
    if not file.exists():
        return {}
    found: Accounts = json.loads(file.read_text(encoding="utf-8"))
    return found


def write(file: Path, content: Accounts) -> None:
    """Replace the file in one step: readers see the old accounts or the new ones."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(content, handle, indent=2)
        handle.flush()
        os.fsync(handle.fileno())
    unfinished.replace(file)


def settled(content: Accounts) -> Accounts:
    """The accounts as they stand once the database has them."""
    return {
        name: {key: value for key, value in account.items() if key != "pending"}
        for name, account in content.items()
    }
