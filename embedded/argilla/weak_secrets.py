"""Which accounts have secrets that a stranger would guess; asked before the network is let in.

What counts is the database: API keys are read there, and password hashes are tried with the
documented defaults of Argilla and with what follows from the user's name.
"""

import argparse
import asyncio
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from argilla_server.contexts.accounts import verify_password
from argilla_server.database import AsyncSessionLocal
from argilla_server.models import User
from sqlalchemy import select

from embedded.argilla import accounts_file, sessions

# Bits by the frequency of characters, after names and well-known words are taken out.
KEY_MIN_BITS = 80.0
PASSWORD_MIN_BITS = 40.0
# Argilla's documentation, its images and compose files; then what people type instead.
DEFAULT_PASSWORDS = ("1234", "12345678", "argilla", "argilla.apikey", "rubrix")
WELL_KNOWN_PASSWORDS = (*DEFAULT_PASSWORDS, "123456", "123456789", "password", "password123")
WORDS = "argilla rubrix apikey api_key password passwort secret owner admin annotator changeme "
WORDS += "default qwerty letmein test team user key"
RUNS = re.compile(r"(.)\1{2,}|0?1234567890?|123456789?|12345678|1234|abcd(?:ef)?", re.IGNORECASE)


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


def is_guessable(secret: str, username: str, min_bits: float) -> bool:
    """Whether too little is left of a secret without the name, well-known words and runs."""
    rest = secret.lower()
    for word in sorted({*_parts(username), *WORDS.split()}, key=len, reverse=True):
        rest = rest.replace(word, "")
    return _bits(RUNS.sub("", rest)) < min_bits


def guesses(username: str) -> Iterator[str]:
    """Passwords to try: well-known ones, and what follows from the name."""
    yield from WELL_KNOWN_PASSWORDS
    for base in dict.fromkeys((username, username.capitalize(), *_parts(username)[1:2])):
        yield from (base + end for end in ("", "123", "1234", "12345678", base))


def _password_is_weak(user: Credentials) -> bool:
    if user.password and verify_password(user.password, user.password_hash):
        return is_guessable(user.password, user.username, PASSWORD_MIN_BITS)
    return any(
        verify_password(guess, user.password_hash) for guess in _once(guesses(user.username))
    )


def _once(words: Iterable[str]) -> Iterable[str]:
    # bcrypt takes at most 72 bytes.
    return dict.fromkeys(word for word in words if word and len(word.encode()) <= 72)


def _parts(username: str) -> list[str]:
    whole = username.lower()
    parts = [part for part in re.split(r"[^a-z0-9]+", whole) if len(part) > 2]
    return [part for part in dict.fromkeys((whole, *parts)) if part]


def _bits(text: str) -> float:
    counts = Counter(text)
    return -sum(n * math.log2(n / len(text)) for n in counts.values())


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
