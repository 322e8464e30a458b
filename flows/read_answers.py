"""Answers from Argilla into the ledger: all of them, and what a full pull leaves behind."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import argilla as rg

from argilla_settings.changes import ANSWERED
from argilla_settings.records import has_article_id, list_rows
from argilla_settings.responses import pulled_records
from argilla_settings.rest import Row
from corpus.cursor import Reconciled
from corpus.desk import Desk
from corpus.ledger import Ledger
from corpus.moves import Moves, to_time
from flows.pulling import buried

log = logging.getLogger("flows.pull_reviewed")
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Review:
    """A desk's data set in Argilla and the ledger that remembers it."""

    client: rg.Argilla
    dataset: rg.Dataset
    desk: Desk
    ledger: Ledger
    moves: Moves

    def counts(self) -> Counter[str]:
        """Status → answers that the ledger holds."""
        return Counter(self.ledger.current_statuses().values())


@dataclass(frozen=True, slots=True)
class Everything:
    """What a full pull appended, and what it leaves to the pulls after it."""

    new: int
    reconciled: Reconciled


@dataclass(slots=True)
class Listing:
    """Notes what passes: answers by status, open records, and when the newest was loaded."""

    statuses: Counter[str] = field(default_factory=Counter)
    pending: dict[str, str] = field(default_factory=dict)
    until: str = ""
    newest: datetime = NEVER

    def noting(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows."""
        for row in rows:
            self.until = max(self.until, row["inserted_at"])
            if row["status"] == "pending" and has_article_id(row):
                self.pending[row["id"]] = row["external_id"]
            for answer in row.get("responses") or ():
                self.statuses[answer["status"]] += 1
                self.newest = max(self.newest, to_time(answer["updated_at"]))
            yield row


def read_all(review: Review, activity: str) -> Everything:
    """Page all records and append what the ledger does not hold; bury what Argilla does not."""
    ledger, begun = review.ledger, datetime.now(UTC)
    # Read before Argilla is asked: what another pull adds meanwhile is not deleted.
    held = ledger.current()
    listing = Listing()
    rows = list_rows(review.client, review.dataset, include=("responses", "suggestions"))
    pulled = list(pulled_records(listing.noting(rows), review.dataset, review.desk, review.moves))
    entries = [entry for record in pulled for entry in record.entries]
    ledger.append_articles(record.article for record in pulled)
    gone = buried(ledger, review.dataset, held, entries)
    new = ledger.append_entries([*entries, *gone])
    log.info(
        "%d answers read, %d new or edited, %d deleted", len(entries), new - len(gone), len(gone)
    )
    ledger.set_pending(listing.pending)
    counts = review.counts()
    beyond = {status: counts[status] - listing.statuses[status] for status in ANSWERED}
    return Everything(new, Reconciled(begun, activity, listing.until, beyond))
