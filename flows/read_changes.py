"""Answers from Argilla into the ledger: those of the records that changed, and whether that is all.

What is read by the search engine's word is compared with what the server counts in its own tables.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argilla_settings.changes import ANSWERED, SearchRefusedError, count_answers
from argilla_settings.responses import pulled_records
from argilla_settings.rest import Row, server_time
from corpus.cursor import (
    ACTIVITY,
    SINCE,
    Plan,
    PullKind,
    Reconciled,
    read_reconciled,
    to_cursor,
)
from corpus.moves import to_time
from corpus.statements import tombstones
from flows.changed_records import LastPull, changed_records
from flows.read_answers import Listing, Review, read_all

log = logging.getLogger("flows.pull_reviewed")

# Servers of one Argilla may differ by so much, and an answer may take so long to be stored. Where
# it takes longer, Argilla's counts tell.
MARGIN = timedelta(seconds=5)
# Of an answer, and of the activity that Argilla notes for it.
TOGETHER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Pulled:
    """How many answers were appended, by which kind of pull, and why it was that."""

    new: int
    kind: PullKind
    reason: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What a pull of changes appended; ``missed`` says why it may not be all, else it is empty."""

    new: int
    missed: str = ""


def read_planned(review: Review, plan: Plan, probe: Mapping[str, str]) -> Pulled:
    """Read as much as ``plan`` says; all where a pull of changes is not sure to have seen all."""
    log.info("pull of kind %s: %s", plan.kind, plan.reason)
    if plan.kind == "unchanged":
        return Pulled(0, plan.kind, plan.reason)
    cursor, new = review.ledger.cursor(), 0
    last = read_reconciled(cursor)
    # Asked before anything is read; what comes meanwhile is read again by the next pull.
    clock = server_time(review.client, otherwise=to_time(probe[ACTIVITY]))
    now = (clock - MARGIN).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if plan.kind == "changes" and last is not None:
        changes = read_changes(review, cursor, probe, last)
        new = changes.new
        if not changes.missed:
            review.ledger.set_cursor(to_cursor(probe, now, last))
            return Pulled(new, plan.kind, plan.reason)
        plan = Plan("full", changes.missed)
        log.info("pull of kind %s: %s", plan.kind, plan.reason)
    everything = read_all(review, probe[ACTIVITY])
    # Last, so that a pull that was killed is repeated.
    review.ledger.set_cursor(to_cursor(probe, now, everything.reconciled))
    return Pulled(new + everything.new, plan.kind, plan.reason)


def read_changes(
    review: Review, cursor: Mapping[str, Any], probe: Mapping[str, str], last: Reconciled
) -> Changes:
    """Read what was started or completed since ``cursor``, and more until the counts agree.

    ``probe`` is what Argilla said before this pull, ``last`` what the last full pull left.
    """
    new, missed, explained = 0, "", probe[ACTIVITY] == cursor[ACTIVITY]
    try:
        before = count_answers(review.client, review.dataset)
        unread = sum(before.values()) - sum(_held(review, last).values())
        since = cursor[SINCE]
        pull = LastPull(to_time(since) + MARGIN, since, last.until)
        for rows in changed_records(review, pull, int(probe["records"]), unread):
            appended = _append(review, rows)
            new += appended.new
            explained = explained or appended.explains(probe[ACTIVITY])
            if not (missed := _missed(review, before, last)):
                break
    except SearchRefusedError as error:
        return Changes(new, error.problem)
    return Changes(new, missed or ("" if explained else "the last activity is no answer found"))


@dataclass(frozen=True, slots=True)
class _Appended:
    """``newest`` is the time of the newest answer among the rows, also of a known one."""

    new: int
    newest: datetime

    def explains(self, activity: str) -> bool:
        """Whether what Argilla noted as the last activity is among what was read."""
        return to_time(activity) - self.newest <= TOGETHER


def _append(review: Review, rows: Iterable[Row]) -> _Appended:
    """Append the answers to these records, of which each row holds all that there are."""
    ledger, listing = review.ledger, Listing()
    # Read before Argilla is asked: what another pull adds meanwhile is not deleted.
    held = ledger.current_statuses()
    # One that was started and completed since is found as both.
    found = {row["id"]: row for row in listing.noting(rows)}
    pulled = list(pulled_records(found.values(), review.dataset, review.desk, review.moves))
    entries = [entry for record in pulled for entry in record.entries]
    read, elsewhere = {record.article.id for record in pulled}, ledger.elsewhere()
    known = ledger.current_of(read)
    here = {k: said for k, said in known.items() if k in held and k not in elsewhere}
    gone = tombstones(here, entries)
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
    return _Appended(new, listing.newest)


def _missed(review: Review, before: Counter[str], last: Reconciled) -> str:
    """What Argilla's own counts say of the ledger; empty where they agree.

    People answer meanwhile: the ledger may stand anywhere between the counts before and after.
    """
    after, counts = count_answers(review.client, review.dataset), _held(review, last)
    for status in ANSWERED:
        low, high = sorted((before[status], after[status]))
        if not low <= counts[status] <= high:
            return f"Argilla holds {after[status]} {status} answers, the ledger {counts[status]}"
    return ""


def _held(review: Review, last: Reconciled) -> dict[str, int]:
    """Status → answers that the ledger holds of this data set."""
    counts = review.counts()
    return {status: counts[status] - last.beyond.get(status, 0) for status in ANSWERED}
