"""When the Hub is asked again, and after how long."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from publishing.retries import CONFLICTS, LONGEST_WAIT_SECONDS, Patience

PAUSES = (1.0, 2.0)


def refusal(status: int, **headers: str) -> HfHubHTTPError:
    request = httpx2.Request("POST", "https://hub.test/api")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.Response(status, headers=named, request=request)
    return HfHubHTTPError(f"HTTP {status}", response=response)


def wrapped(outer: Exception, cause: Exception) -> Exception:
    outer.__cause__ = cause
    return outer


def waits(error: Exception) -> list[float]:
    """The pauses before the error is raised after all; at most four."""
    slept: list[float] = []
    patience = Patience(PAUSES, sleep=slept.append)
    for _ in range(4):
        try:
            patience.wait_or_raise(error, "org/name")
        except type(error):
            break
    return slept


@pytest.mark.parametrize(
    "error",
    [
        *map(refusal, (408, 500, 502, 503, 504, 429)),
        httpx2.ReadTimeout("silence"),
        httpx2.ConnectError("refused"),
        ConnectionResetError("reset"),
        wrapped(RuntimeError("Error while uploading"), refusal(503)),
        wrapped(RuntimeError("Error while uploading"), httpx2.RemoteProtocolError("lost")),
        # The signed address of an upload ran out.
        wrapped(RuntimeError("Error while uploading"), refusal(403)),
        wrapped(LocalEntryNotFoundError("not cached"), refusal(503)),
        wrapped(LocalEntryNotFoundError("not cached"), httpx2.ReadTimeout("silence")),
    ],
    ids=repr,
)
def test_what_may_pass_is_tried_once_for_each_pause(error: Exception) -> None:
    assert waits(error) == list(PAUSES)


@pytest.mark.parametrize(
    "error",
    [
        *map(refusal, (400, 401, 403, 404, 413, 422, 501, 507)),
        wrapped(RuntimeError("Error while uploading"), refusal(507)),
        RuntimeError("a mistake of ours"),
        LocalEntryNotFoundError("offline mode"),
    ],
    ids=repr,
)
def test_what_stays_is_raised_at_once(error: Exception) -> None:
    assert waits(error) == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("99999", LONGEST_WAIT_SECONDS), ("soon", 1), ("-5", 1), ("1.5", 1)],
)
def test_the_hub_says_how_long_within_bounds(header: str, seconds: float) -> None:
    assert waits(refusal(429, Retry_After=header))[0] == seconds
    assert waits(refusal(503, Retry_After=header))[0] == seconds


def test_a_date_to_wait_for() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < waits(refusal(429, Retry_After=soon))[0] <= 30
    assert waits(refusal(429, Retry_After="Wed, 25 Nov 2020 00:00:00 GMT"))[0] == 0
    assert waits(refusal(429, Retry_After="Fri, 31 Dec 9999 23:59:59 GMT"))[0] == 300


def test_conflicts_are_bounded_and_cost_no_failure() -> None:
    slept: list[float] = []
    patience = Patience(PAUSES, sleep=slept.append)
    for _ in range(CONFLICTS):
        patience.wait_or_raise(refusal(412), "org/name")
    patience.wait_or_raise(refusal(503), "org/name")
    assert slept[-1] == PAUSES[0]
    with pytest.raises(HfHubHTTPError):
        patience.wait_or_raise(refusal(412), "org/name")


def test_logs_name_neither_addresses_nor_headers(caplog: pytest.LogCaptureFixture) -> None:
    request = httpx2.Request("PUT", "https://hub.test/o?signature=abc", headers={"X": "hf_secret"})
    error = HfHubHTTPError(str(request.url), response=httpx2.Response(503, request=request))
    Patience(PAUSES, sleep=lambda _: None).wait_or_raise(error, "org/name")
    assert "org/name: HTTP 503; trying again in 1.0 s" in caplog.text
    assert "signature" not in caplog.text
    assert "hf_secret" not in caplog.text
