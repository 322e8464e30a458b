"""Accounts of the embedded Argilla, changed by a process of its own environment."""

import json
import os
import re
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from embedded.errors import ServiceError, said_error
from embedded.home import Home, write_private
from embedded.programs import PROJECT, SESSION_SECRET, argilla_environment, argilla_python

DEFAULT_WORKSPACE = "copydesk"
ROLES = ("owner", "admin", "annotator")
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
WORKSPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PRIVATE_UMASK = 0o077
REFUSED = 2


@dataclass(frozen=True, slots=True)
class Secrets:
    """What was made for an account; empty where it stayed as it was or is not known."""

    username: str
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class UserRow:
    """One line of ``users list``."""

    username: str
    role: str
    workspaces: list[str]
    answers: int
    in_accounts_file: bool


def add_user(
    home: Home, name: str, role: str, workspaces: Sequence[str], make_workspaces: bool = False
) -> Secrets:
    """A new account with random secrets, in the accounts file and in Argilla."""
    _require_username(name)
    _require_workspace_names(workspaces)
    if role not in ROLES:
        raise ServiceError(f"Role {role!r} is none of {', '.join(ROLES)}.", "Pass --role annotator")
    request = {"name": name, "role": role, "workspaces": list(workspaces)}
    return _secrets(_ask(home, "add", {**request, "make_workspaces": make_workspaces}))


def list_users(home: Home) -> list[UserRow]:
    """Every account of the database, without secrets."""
    return [UserRow(**row) for row in _ask(home, "list", {})["users"]]


def rotate_user(home: Home, name: str, what: Sequence[str] = ("password", "api_key")) -> Secrets:
    """New secrets: the old key and all sessions of the account end at once."""
    return _secrets(_ask(home, "rotate", {"name": name, "what": list(what)}))


def remove_user(home: Home, name: str, answers: str) -> int:
    """Remove an account; ``answers`` is refuse, keep or delete. Returns how many were kept."""
    return int(_ask(home, "remove", {"name": name, "answers": answers})["kept"])


def assign_users(
    home: Home, names: Sequence[str], workspaces: Sequence[str], make_workspaces: bool = False
) -> None:
    """Make accounts members of workspaces; twice changes nothing."""
    _require_workspace_names(workspaces)
    request = {"names": list(names), "workspaces": list(workspaces)}
    _ask(home, "assign", {**request, "make_workspaces": make_workspaces})


def unassign_users(home: Home, names: Sequence[str], workspaces: Sequence[str]) -> None:
    """End memberships; answers stay."""
    request = {"names": list(names), "workspaces": list(workspaces), "make_workspaces": False}
    _ask(home, "unassign", request)


def end_all_sessions(home: Home) -> None:
    """A new secret key: everybody signs in anew, API keys stay. Counts at once."""
    write_private(home.root / f"{SESSION_SECRET}.secret", secrets.token_urlsafe(32))


def refuse_weak_secrets(home: Home) -> None:
    """Raise ServiceError where an account of the database has secrets a stranger would guess."""
    found = _run(home, "weak-secrets", workspace=False)
    problems = [f"{name}: {' and '.join(why)}" for name, why in sorted(found["accounts"].items())]
    mends = [f"copydesk users rotate {name}" for name in sorted(found["accounts"])]
    if found["secret_key"]:
        problems.append("the secret key that signs sessions is too short")
        mends.append("copydesk users rotate --all-sessions")
    if problems:
        raise ServiceError(
            "Argilla is not opened to the network with weak secrets. " + "; ".join(problems) + ".",
            " ; ".join(mends) + "  Then the same command again.",
        )


def _secrets(answer: Mapping[str, Any]) -> Secrets:
    return Secrets(**{key: answer.get(key, "") for key in ("username", "password", "api_key")})


def _ask(home: Home, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
    if not home.accounts.exists():
        raise ServiceError(f"No Argilla was started in {home.root} yet.", "Run copydesk up first.")
    return _run(home, "users", json.dumps({"action": action, **request}))


def _run(home: Home, command: str, stdin: str = "", workspace: bool = True) -> dict[str, Any]:
    words = [str(argilla_python()), "-m", "embedded.argilla", command]
    words += ["--credentials", str(home.accounts)]
    words += ["--workspace", DEFAULT_WORKSPACE] if workspace else []
    done = subprocess.run(
        words,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **argilla_environment(home)},
        cwd=PROJECT,
        umask=PRIVATE_UMASK,
    )
    if done.returncode not in (0, REFUSED):
        said = done.stderr.strip() or "no message"
        raise said_error(said) or ServiceError(
            f"Argilla's accounts could not be read or changed: {said.splitlines()[-1]}",
            "Nothing was changed. Run the same command again; copydesk doctor checks the folder.",
        )
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    if done.returncode == REFUSED:
        raise ServiceError(answer["problem"], answer["next_step"])
    return answer


def _require_username(name: str) -> None:
    if not USERNAME.fullmatch(name):
        raise ServiceError(
            f"User name {name!r} does not fit: 1 to 64 letters, digits or . _ @ -, "
            "with a letter or digit in front.",
            "copydesk users add NAME --role annotator",
        )


def _require_workspace_names(names: Sequence[str]) -> None:
    for name in names:
        if not WORKSPACE.fullmatch(name):
            raise ServiceError(
                f"Workspace {name!r} does not fit: 1 to 64 letters, digits or . _ -, "
                "with a letter or digit in front.",
                "copydesk users list shows the workspaces.",
            )
