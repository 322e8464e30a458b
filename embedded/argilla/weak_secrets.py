"""Which accounts have secrets that a stranger would guess; asked before the network is let in.

What counts is the database: API keys are read there, and password hashes are tried with the
documented defaults of Argilla and with what follows from the user's name.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from argilla_server.contexts.accounts import verify_password
from argilla_server.database import AsyncSessionLocal
from argilla_server.models import User
from sqlalchemy import select

from embedded.argilla import accounts_file, sessions
from embedded.argilla.guessing import KEY_MIN_BITS, PASSWORD_MIN_BITS, guesses, is_guessable


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is known of one account. ``password`` is empty where only its hash is known."""

    username: str
    api_key: str = field(repr=False)
    password_hash: str = field(repr=False)
    password: str = field(default="", repr=False)


def main(arguments: list[str]) -> None:
    """``weak-secrets --credentials FILE``: the weak ones, as JSON on the last line of stdout."""
    parser = argparse.ArgumentParser(prog="python -m embedded.argilla weak-secrets")
    parser.add_argument("--credentials", type=Path, required=True)
    options = parser.parse_args(arguments)
    users = asyncio.run(_read(options.credentials))
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(weaknesses, users))
    weak = {user.username: reasons for user, reasons in zip(users, found, strict=True) if reasons}
    key_is_weak = is_guessable(sessions.current_secret(), "", KEY_MIN_BITS)
    sys.stdout.write(json.dumps({"accounts": weak, "secret_key": key_is_weak}) + "\n")


def weaknesses(user: Credentials) -> list[str]:
    """Why an account must not be on a network, without its secrets; empty where it may."""
    reasons = []
    if is_guessable(user.api_key, user.username, KEY_MIN_BITS):
        reasons.append("its API key is a default, follows from its name, or is too short")
    if _password_is_weak(user):
        reasons.append("its password is a well-known one, follows from its name, or is too short")
    return reasons


def _password_is_weak(user: Credentials) -> bool:
    if user.password and verify_password(user.password, user.password_hash):
        return is_guessable(user.password, user.username, PASSWORD_MIN_BITS)
    return any(
        verify_password(guess, user.password_hash) for guess in _once(guesses(user.username))
    )


def _once(words: Iterable[str]) -> Iterable[str]:
    # bcrypt takes at most 72 bytes.
    return dict.fromkeys(word for word in words if word and len(word.encode()) <= 72)


async def _read(file: Path) -> list[Credentials]:
    known = accounts_file.read(file)
    async with AsyncSessionLocal() as db:
        users = await db.scalars(select(User).order_by(User.username))
        return [
            Credentials(
                user.username,
                user.api_key,
                user.password_hash,
                known.get(user.username, {}).get("password", ""),
            )
            for user in users
        ]
