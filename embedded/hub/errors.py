"""Errors as the Hub's clients understand them: a status, a message and `X-Error-Code`."""

import errno

from starlette.responses import JSONResponse

# No space, over the quota of a user, over the size that a file may have.
HEADER_MAX_CHARACTERS = 2000
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class HubError(Exception):
    """A refusal with the HTTP status, the text for people and the code clients switch on."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


def repo_not_found() -> HubError:
    """The same answer for a missing repository and for a private one that may not be seen.

    The text is the Hub's own, without the name: clients recognise it and add the address.
    """
    return HubError(404, "Repository not found", "RepoNotFound")


def revision_not_found(revision: str) -> HubError:
    return HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def entry_not_found(path: str) -> HubError:
    return HubError(404, f'Entry not found: "{path}"', "EntryNotFound")


def as_refusal(error: Exception) -> HubError:
    """What a client is told about a fault: 507 for a full disk, 500 for anything else."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return HubError(507, "The disk of this Hub is full: free some space and send it again")
    return HubError(500, "Something broke on this Hub: its log says what")


def error_response(error: HubError) -> JSONResponse:
    """JSON body and headers; header text is reduced to one printable ASCII line."""
    line = "".join(char if " " <= char <= "~" else "?" for char in error.message)
    headers = {"X-Error-Message": line[:HEADER_MAX_CHARACTERS].strip()}
    if error.code is not None:
        headers["X-Error-Code"] = error.code
    return JSONResponse({"error": error.message}, status_code=error.status, headers=headers)
