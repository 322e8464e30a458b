"""Dates of filters → SQLite's text, as Elasticsearch's ``strict_date_optional_time`` reads them.

Source: https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/mapping-date-format
What a bound leaves out is its beginning, or for an upper bound its end: ``2026-11`` up to is the
last microsecond of November. A bare number is milliseconds since 1970.
"""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from argilla_server.errors.future import UnprocessableEntityError

DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:[T ](?P<hour>\d\d)(?::(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?)?"
)
FIRST = {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
LAST = {"month": 12, "hour": 23, "minute": 59, "second": 59}


def to_database_date(value: Any, end: bool) -> str:
    """``YYYY-MM-DD HH:MM:SS.ffffff`` in UTC; raises UnprocessableEntityError for no date."""
    try:
        moment = _parsed(str(value), end) if isinstance(value, str) else _of_epoch(float(value))
    except (ValueError, OverflowError, OSError) as error:
        raise UnprocessableEntityError(
            f"`{value}` is not a date; use ISO 8601, for example 2026-11-25T10:00:00Z"
        ) from error
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f").rjust(26, "0")


def _parsed(text: str, end: bool) -> datetime:
    found = DATE.fullmatch(text.strip())
    if not found:
        return _of_epoch(float(text))
    given = {k: int(v) for k, v in found.groupdict().items() if v and k in {"year", *FIRST}}
    parts = {**(LAST if end else FIRST), **given}
    if end and "day" not in given:
        parts["day"] = monthrange(parts["year"], parts["month"])[1]
    fraction = found["fraction"]
    micros = int(fraction.ljust(6, "0")[:6]) if fraction else 999_999 if end else 0
    moment = datetime(**parts, microsecond=micros, tzinfo=_zone(found["zone"]))
    return moment.astimezone(UTC).replace(tzinfo=None)


def _zone(text: str | None) -> timezone:
    if text in (None, "Z"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


def _of_epoch(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)
