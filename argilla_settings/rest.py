"""Argilla's REST API where the SDK has no word for it, with errors that people can act on."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import argilla as rg

from argilla_settings.connection import http
from corpus.errors import DeskError

Row = dict[str, Any]

# uvicorn renews its Date header once a second, a busy one later.
CLOCK_SECONDS = timedelta(seconds=10)


def read(client: rg.Argilla, path: str) -> Row:
    """GET of an object."""
    return _call(client, "GET", path, None)


def read_items(client: rg.Argilla, path: str) -> list[Row]:
    """GET of a list that Argilla sends whole."""
    items: list[Row] = read(client, path)["items"]
    return items


def send(client: rg.Argilla, method: str, path: str, body: Mapping[str, Any] | None = None) -> Row:
    """POST, PUT, PATCH or DELETE; an answer without a body is an empty object."""
    return _call(client, method, path, body)


def server_time(client: rg.Argilla, otherwise: datetime) -> datetime:
    """Now, or up to CLOCK_SECONDS earlier, by the server's clock, which gives answers their times.

    ``otherwise`` where a proxy leaves the date out.
    """
    date = http(client).get("/api/v1/version").headers.get("date")
    return parsedate_to_datetime(date) if date else otherwise


def require_owner(client: rg.Argilla) -> None:
    """Raises DeskError unless the key is an owner's: others do not see all users."""
    me = read(client, "me")
    if me["role"] != "owner":
        raise DeskError(
            f"The API key of {me['username']!r} is {me['role']}'s; only an owner sees all users, "
            "workspaces and answers.",
            "Set ARGILLA_API_KEY to the key of an owner.",
        )


def _call(client: rg.Argilla, method: str, path: str, body: Mapping[str, Any] | None) -> Row:
    answer = http(client).request(method, f"/api/v1/{path}", json=body)
    if answer.is_error:
        raise DeskError(
            f"Argilla refuses {method} {path} (HTTP {answer.status_code}): {answer.text[:500]}",
            "Nothing is doubled: correct the cause and run the same command again.",
        )
    found: Row = answer.json() if answer.content else {}
    return found
