"""When to ask the Hub again, and after how long (RFC 9110, section 10.2.3, Retry-After)."""

import json
import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

log = logging.getLogger(__name__)

PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
LONGEST_WAIT_SECONDS = 300.0
# Others commit to the same repository all the time; each of their commits costs us one attempt.
CONFLICTS = 30
CONFLICT_SECONDS = 0.5
# Not done here (501) and no room (507) stay so; of others, those of proxies (520 to 530) included,
# a Hub may recover.
TRANSIENT = {408, *range(500, 600)} - {501, 507}
LOST = (httpx2.TransportError, ConnectionError, TimeoutError)
# What the client wraps a failure in: an upload's, and a download's where no copy is cached.
WRAPPED = (RuntimeError, LocalEntryNotFoundError)
# Of a Xet upload the client keeps no response: what it raises names the status in its text.
_XET_STATUS = re.compile(r"HTTP status (?:client|server) error \((\d{3}) ")
FAILURES = (HfHubHTTPError, *LOST, *WRAPPED)


class ContradictionError(ConnectionError):
    """The Hub does not show what it just said it has: a copy of it lags behind."""


class NoAnswerError(ConnectionError):
    """What came is no answer of a Hub, but say a page of a proxy: as good as none."""


@contextmanager
def answers() -> Iterator[None]:
    """Around calls of the client alone: broken JSON of ours must not be taken for a lost answer."""
    try:
        yield
    except json.JSONDecodeError:
        raise NoAnswerError("an answer that is no JSON") from None


@dataclass(slots=True)
class Patience:
    """How often the Hub may still fail: once for each pause; conflicts are counted apart."""

    pauses: Sequence[float] = PAUSES_SECONDS
    failures: int = 0
    conflicts: int = 0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def wait_or_raise(self, error: Exception, what: str) -> None:
        """Sleep until the next attempt; raises the error where another one makes no sense."""
        seconds = self._seconds(error)
        if seconds is None:
            raise error
        log.warning("%s: %s; trying again in %.1f s", what, describe(error), seconds)
        self.sleep(seconds)

    def _seconds(self, error: Exception) -> float | None:
        status = status_of(error)
        # 409: somebody took the tag.
        if status in (409, 412):
            self.conflicts += 1
            spread = random.uniform(0, CONFLICT_SECONDS)
            return spread if self.conflicts <= CONFLICTS else None
        tried_again = status == 429 or status in TRANSIENT or is_upload_refusal(error)
        if not tried_again and not _is_lost(error):
            return None
        self.failures += 1
        if self.failures > len(self.pauses):
            return None
        asked = _retry_after(error)
        return self.pauses[self.failures - 1] if asked is None else min(asked, LONGEST_WAIT_SECONDS)


def cause_of(error: Exception) -> Exception:
    """What went wrong, without what the client wraps it in."""
    while isinstance(error, WRAPPED) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    return error


def status_of(error: Exception) -> int | None:
    """The HTTP status of a refusal, None where no answer came."""
    cause = cause_of(error)
    status = getattr(getattr(cause, "response", None), "status_code", None)
    if isinstance(status, int):
        return status
    found = _XET_STATUS.search(str(cause)) if isinstance(cause, ConnectionError) else None
    return int(found[1]) if found else None


def is_upload_refusal(error: Exception) -> bool:
    """The signed address of an upload ran out (403); the next attempt asks for a new one."""
    return isinstance(error, RuntimeError) and status_of(error) == 403


def describe(error: Exception) -> str:
    """For logs: class and status, never addresses or headers, which may hold secrets."""
    status = status_of(error)
    return type(cause_of(error)).__name__ if status is None else f"HTTP {status}"


def _is_lost(error: Exception) -> bool:
    """The connection broke: whether the request was carried out is not known."""
    cause = cause_of(error)
    return isinstance(cause, LOST) and status_of(error) is None


def _retry_after(error: Exception) -> float | None:
    headers = getattr(getattr(cause_of(error), "response", None), "headers", {})
    text = str(headers.get("Retry-After", "")).strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
