"""How pull_reviewed reads answers: all of them, or those of the records that changed."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain

import argilla as rg

from argilla_settings.changes import (
    ANSWERED,
    SearchRefusedError,
    completed_among,
    completed_since,
    count_answers,
    count_started,
    started_rows,
)
from argilla_settings.records import has_article_id, list_rows
from argilla_settings.responses import pulled_records
from argilla_settings.rest import Row
from corpus.cursor import ACTIVITY, Reconciled
from corpus.desk import Desk
from corpus.ledger import Ledger
from corpus.moves import Moves, to_time
from corpus.statements import current_statements, tombstones
from flows.pulling import buried

log = logging.getLogger("flows.pull_reviewed")

# Servers of one Argilla may differ by so much, and an answer may take so long to be stored.
MARGIN = timedelta(seconds=60)
# Of an answer, and of the activity that Argilla notes for it.
TOGETHER = timedelta(seconds=5)
# Where more of the records are in work, reading them alone saves too little.
IN_WORK_AT_MOST = 0.25


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
        current = current_statements(self.ledger.entries())
        return Counter(statement.status for statement in current.values())


@dataclass(frozen=True, slots=True)
class Changes:
    """What a pull of changes appended; ``missed`` says why it may not be all, else it is empty."""

    new: int
    missed: str = ""


@dataclass(frozen=True, slots=True)
class Everything:
    """What a full pull appended, and what it leaves to the pulls after it."""

    new: int
    reconciled: Reconciled


@dataclass(slots=True)
class Listing:
    """Notes what passes: answers by status, open records, and when the newest was loaded."""

    statuses: Counter[str] = field(default_factory=Counter)
    pending: list[str] = field(default_factory=list)
    until: str = ""
    newest: datetime = datetime.min.replace(tzinfo=UTC)

    def noting(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows."""
        for row in rows:
            self.until = max(self.until, row["inserted_at"])
            if row["status"] == "pending" and has_article_id(row):
                self.pending.append(row["id"])
            for answer in row.get("responses") or ():
                self.statuses[answer["status"]] += 1
                self.newest = max(self.newest, to_time(answer["updated_at"]))
            yield row


def read_all(review: Review, activity: str) -> Everything:
    """Page all records and append what the ledger does not hold; bury what Argilla does not."""
    ledger, begun = review.ledger, datetime.now(UTC)
    # Read before Argilla is asked: what another pull adds meanwhile is not deleted.
    held = current_statements(ledger.entries())
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


def read_changes(review: Review, since: str, activity: str, last: Reconciled) -> Changes:
    """Read records that are in work or were completed since then, and check that it is all.

    ``since`` and ``activity`` are what the probes of the last pull and of this one said.
    """
    client, dataset = review.client, review.dataset
    try:
        before, started = count_answers(client, dataset), count_started(client, dataset)
        if started > IN_WORK_AT_MOST * (started + len(review.ledger.pending())):
            return Changes(0, f"{started} records are in work")
        then = (to_time(since) - MARGIN).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        first = _append(
            review, chain(started_rows(client, dataset), completed_since(client, dataset, then))
        )
        missed, new = _missed(review, before, last), first.new
        if missed:
            # A search engine that is not told when records were completed.
            pending = review.ledger.pending()
            new += _append(review, completed_among(client, dataset, pending, last.until)).new
            missed = _missed(review, before, last)
    except SearchRefusedError as error:
        return Changes(0, error.problem)
    if not missed and activity != since and not first.explains(activity):
        missed = "the last activity is no answer that was found"
    return Changes(new, missed)


@dataclass(frozen=True, slots=True)
class _Appended:
    """``newest`` is the time of the newest answer among the rows, also of a known one."""

    new: int
    deleted: int
    newest: datetime

    def explains(self, activity: str) -> bool:
        """Whether what Argilla noted as the last activity is among what was read."""
        return self.deleted > 0 or to_time(activity) - self.newest <= TOGETHER


def _append(review: Review, rows: Iterable[Row]) -> _Appended:
    """Append the answers to these records, of which each row holds all that there are."""
    ledger, listing = review.ledger, Listing()
    held = current_statements(ledger.entries())
    pulled = list(pulled_records(listing.noting(rows), review.dataset, review.desk, review.moves))
    entries = [entry for record in pulled for entry in record.entries]
    read = {record.article.id for record in pulled}
    gone = tombstones({key: said for key, said in held.items() if key[0] in read}, entries)
    if pulled:
        ledger.append_articles(record.article for record in pulled)
    new = ledger.append_entries([*entries, *gone])
    log.info(
        "%d answers read of %d records that may have changed, %d new or edited, %d deleted",
        len(entries),
        len(pulled),
        new - len(gone),
        len(gone),
    )
    return _Appended(new, len(gone), listing.newest)


def _missed(review: Review, before: Counter[str], last: Reconciled) -> str:
    """What Argilla's own counts say of the ledger; empty where they agree.

    People answer meanwhile: the ledger may stand anywhere between the counts before and after.
    """
    after, counts = count_answers(review.client, review.dataset), review.counts()
    for status in ANSWERED:
        held = counts[status] - last.beyond.get(status, 0)
        low, high = sorted((before[status], after[status]))
        if not low <= held <= high:
            return f"Argilla holds {after[status]} {status} answers, the ledger {held}"
    return ""
