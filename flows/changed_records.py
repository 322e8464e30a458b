"""Which records to read for a pull of changes: those in work and those completed since."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from argilla_settings.changes import (
    answered_among,
    completed_among,
    completed_since,
    completed_stamps,
    count_completed_since,
    count_started,
    rows_of,
    started_ids,
    started_rows,
)
from argilla_settings.rest import Row
from corpus.moves import to_time
from flows.read_answers import Review

# So many completed records are read again, and with them what was edited in them meanwhile.
READ_AGAIN = 100
# So many records in work are all read, also those whose answers are known.
READ_AT_ONCE = 500
# To list the id of one costs the server as much as to ask of so many whether they are answered.
LISTED_FOR_ASKED = 2
# Where more are in work, reading them alone saves too little.
IN_WORK_AT_MOST = 0.25


@dataclass(frozen=True, slots=True)
class LastPull:
    """When it began to read; from when on records are searched, a little earlier, as Argilla
    writes it; and ``until``, the newest record that the last full pull listed.
    """

    begun: datetime
    since: str
    until: str


def changed_records(
    review: Review, last: LastPull, records: int, unread: int
) -> Iterator[Iterable[Row]]:
    """Records to read, the likeliest and cheapest first; asked for one after the other.

    ``records`` there are, and so many answers (``unread``) that the ledger does not hold.
    """
    client, dataset = review.client, review.dataset
    started = count_started(client, dataset)
    few = started <= READ_AT_ONCE
    yield chain(
        started_rows(client, dataset) if few else _newly_started(review, started, last.until),
        _newly_completed(review, last, unread),
    )
    # For a search engine that is not told when records were completed.
    yield completed_among(client, dataset, list(review.ledger.pending()), last.until)
    if not few and started <= IN_WORK_AT_MOST * records:
        yield started_rows(client, dataset)


def _newly_started(review: Review, started: int, until: str) -> Iterator[Row]:
    """Of the records in work those that the ledger knows no answer to: found among those without
    answer, where these are few, else among those in work.
    """
    client, dataset = review.client, review.dataset
    known = _submitted(review).keys()
    unanswered = [i for i, article in review.ledger.pending().items() if article not in known]
    if len(unanswered) < LISTED_FOR_ASKED * started:
        yield from answered_among(client, dataset, unanswered, until)
        return
    found = started_ids(client, dataset)
    yield from rows_of(client, dataset, [i for i, article in found.items() if article not in known])


def _newly_completed(review: Review, last: LastPull, unread: int) -> Iterator[Row]:
    """The records completed since. Where more are found than were answered, as when a pull comes
    right after an import, those that the last pull has read as they are now are left out.
    """
    client, dataset = review.client, review.dataset
    if count_completed_since(client, dataset, last.since) <= unread + READ_AGAIN:
        yield from completed_since(client, dataset, last.since)
        return
    submitted, enough = _submitted(review), dataset.settings.distribution.min_submitted
    new = [
        row["id"]
        for row in completed_stamps(client, dataset, last.since)
        if to_time(row["updated_at"]) >= last.begun or submitted[row["external_id"]] < enough
    ]
    yield from rows_of(client, dataset, new)


def _submitted(review: Review) -> Counter[str]:
    """Article → submitted answers that the ledger knows of this data set; 0 for other answers."""
    found: Counter[str] = Counter()
    elsewhere = review.ledger.elsewhere()
    for key, status in review.ledger.current_statuses().items():
        if key not in elsewhere:
            found[key[0]] += status == "submitted"
    return found
