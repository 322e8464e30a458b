"""Elasticsearch's reading of a date in a range: what is left out is rounded towards its end."""

from datetime import UTC, datetime, timedelta
from typing import Any

FORMATS = (
    ("%Y-%m-%dT%H:%M:%S.%f", timedelta(microseconds=1)),
    ("%Y-%m-%dT%H:%M:%S", timedelta(seconds=1)),
    ("%Y-%m-%dT%H:%M", timedelta(minutes=1)),
    ("%Y-%m-%d", timedelta(days=1)),
)


def read_date(text: str) -> tuple[datetime, datetime]:
    """The first and the last microsecond that a date names, in UTC."""
    for form, length in FORMATS:
        for zone in ("", "%z"):
            try:
                found = datetime.strptime(text, form + zone)
            except ValueError:
                continue
            first = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
            return first, first + length - timedelta(microseconds=1)
    raise ValueError(text)


def date_matches(stored: str, filter_: dict[str, Any]) -> bool:
    """Whether a date of Argilla's tables lies in the range."""
    value = datetime.fromisoformat(stored).replace(tzinfo=UTC)
    low, high = filter_.get("ge"), filter_.get("le")
    return (low is None or value >= read_date(low)[0]) and (
        high is None or value <= read_date(high)[1]
    )
