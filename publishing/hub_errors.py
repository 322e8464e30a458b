"""What people read instead of the client's exceptions; never a token or a signed address."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

from corpus.errors import DeskError
from publishing.retries import (
    LOST,
    TRANSIENT,
    ContradictionError,
    cause_of,
    is_upload_refusal,
    status_of,
)

REFUSED = (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError, RuntimeError)
# Subclasses that tell of a mistake in code, never of a Hub.
MISTAKES = (RecursionError, NotImplementedError)
# A query may hold a signature that lets its reader upload or download; a user part, a password.
_QUERY = re.compile(r"\?[^\s'\"<>]*")
_USER = re.compile(r"//[^/@\s]+@")


@contextmanager
def errors_for_people(api: HfApi, repo_id: str) -> Iterator[None]:
    """What the client raises inside becomes a DeskError that says what to do.

    It comes without its cause: tracebacks are logged, and the client's name signed addresses.
    """
    try:
        yield
    except MISTAKES:
        raise
    except REFUSED as error:
        raise hub_error(api, repo_id, error) from None


def hub_error(api: HfApi, repo_id: str, error: Exception) -> DeskError:
    """The problem, and what to do next."""
    cause, status = cause_of(error), status_of(error)
    endpoint = without_secrets(api.endpoint)
    if status in (401, 403) and not is_upload_refusal(error):
        return DeskError(
            f"The Hub at {endpoint} refuses the token for {repo_id} (HTTP {status}).",
            f"Set HF_TOKEN to a token that may write to {repo_id.split('/')[0]}/, or name another "
            "owner under publish: of the desk; that of the embedded Hub is copydesk/.",
        )
    if isinstance(cause, ContradictionError):
        return DeskError(
            f"The Hub at {endpoint} does not show what it holds: {cause}.",
            "Run copydesk publish again later; nothing was written over.",
        )
    if isinstance(cause, (*LOST, httpx2.HTTPError)) and status is None:
        return DeskError(
            f"The Hub at {endpoint} does not answer ({type(cause).__name__}).",
            "Run copydesk doctor; copydesk up starts the embedded Hub. Then publish again: it "
            "continues.",
        )
    if isinstance(cause, OSError) and status is None:
        return DeskError(
            f"Publishing {repo_id} stopped at a file of this machine: {cause.strerror or cause}"
            f"{f': {cause.filename}' if cause.filename else ''}.",
            "Make room, or let Copydesk read and write there, then run copydesk publish again.",
        )
    return _refusal(endpoint, repo_id, cause, status)


def _refusal(endpoint: str, repo_id: str, cause: Exception, status: int | None) -> DeskError:
    first = without_secrets((str(cause).strip() or type(cause).__name__).splitlines()[0])
    if status == 507:
        return DeskError(
            f"The Hub at {endpoint} has no room for {repo_id}: {first}",
            "Make room on its disk, then run copydesk publish again; nothing was half-written.",
        )
    if status in TRANSIENT or status in (403, 409, 412, 429):
        return DeskError(
            f"The Hub at {endpoint} kept failing for {repo_id}: {first}",
            "Run copydesk publish again later; it continues, and nothing was half-written.",
        )
    return DeskError(
        f"The Hub at {endpoint} refused {repo_id}: {first}",
        "Correct publish: of the desk, then run copydesk publish again; nothing was half-written.",
    )


def without_secrets(text: str) -> str:
    """Addresses in it without queries, users and passwords."""
    return _USER.sub("//", _QUERY.sub("?…", text))
