"""A checked connection to Argilla: a wrong address or key is said before any work starts."""

import os

import argilla as rg
import httpx

from corpus.errors import DeskError

TIMEOUT_SECONDS = 120


def connect(
    api_url: str | None = None, api_key: str | None = None, manage: bool = True
) -> rg.Argilla:
    """A client for this address and key, by default ARGILLA_API_URL and ARGILLA_API_KEY.

    ``manage``: the key must be an owner's or an admin's. Raises DeskError where it is not, or
    where nobody answers.
    """
    url = api_url or os.environ.get("ARGILLA_API_URL", "")
    key = api_key or os.environ.get("ARGILLA_API_KEY", "")
    if not url or not key:
        missing = "ARGILLA_API_URL" if not url else "ARGILLA_API_KEY"
        raise DeskError(
            f"{missing} is not set.",
            'Start the embedded services with copydesk up, then eval "$(copydesk env)".',
        )
    _probe(url, key, manage)
    return rg.Argilla(api_url=url, api_key=key, timeout=TIMEOUT_SECONDS)


def http(client: rg.Argilla) -> httpx.Client:
    """The client's own HTTP session, for what the SDK drops or cannot ask."""
    session: httpx.Client = client.api.http_client
    return session


def _probe(url: str, key: str, manage: bool) -> None:
    try:
        answer = httpx.get(
            f"{url.rstrip('/')}/api/v1/me", headers={"X-Argilla-Api-Key": key}, timeout=30
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DeskError(
            f"Argilla at {url} does not answer ({type(error).__name__}).",
            "Run copydesk doctor; copydesk up starts the embedded server.",
        ) from error
    if answer.status_code in (401, 403):
        raise DeskError(
            f"Argilla at {url} refuses the API key (HTTP {answer.status_code}).",
            "Copy the key from Argilla's user settings into ARGILLA_API_KEY, "
            'or eval "$(copydesk env)" for the embedded server.',
        )
    if answer.status_code != 200 or "username" not in answer.text:
        raise DeskError(
            f"{url} answers HTTP {answer.status_code} but is not an Argilla 2 server.",
            "Set ARGILLA_API_URL to the address of the server, without a path.",
        )
    user = answer.json()
    if manage and user["role"] not in ("owner", "admin"):
        raise DeskError(
            f"The API key of {user['username']!r} is {user['role']}'s: it may answer records, but "
            "neither load nor read those of others.",
            "Set ARGILLA_API_KEY to the key of an owner or admin of the workspace.",
        )
