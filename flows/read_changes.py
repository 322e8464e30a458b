"""Answers from Argilla into the ledger: those of the records that changed, and whether that is all.

What is read by the search engine's word is compared with what the server counts in its own tables.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from argilla_settings.changes import (
    ANSWERED,
    SearchRefusedError,
    answered_among,
    completed_among,
    completed_since,
    count_answers,
    count_completed_since,
    count_started,
    ids_completed_since,
    rows_of,
    started_ids,
    started_rows,
)
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
from flows.read_answers import Listing, Review, read_all

log = logging.getLogger("flows.pull_reviewed")

# Servers of one Argilla may differ by so much, and an answer may take so long to be stored. Where
# it takes longer, Argilla's counts tell.
MARGIN = timedelta(seconds=5)
# So many completed records are read again, and with them what was edited in them meanwhile.
READ_AGAIN = 100
# So many records in work are all read, also those whose answers are known.
READ_AT_ONCE = 500
# Of an answer, and of the activity that Argilla notes for it.
TOGETHER = timedelta(seconds=5)
# To list the id of one costs the server as much as to ask of so many whether they are answered.
LISTED_FOR_ASKED = 2
# Where more are in work, reading them alone saves too little.
IN_WORK_AT_MOST = 0.25


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
        for rows in _candidates(review, cursor[SINCE], probe, last, unread):
            appended = _append(review, rows)
            new += appended.new
            explained = explained or appended.explains(probe[ACTIVITY])
            if not (missed := _missed(review, before, last)):
                break
    except SearchRefusedError as error:
        return Changes(new, error.problem)
    return Changes(new, missed or ("" if explained else "the last activity is no answer found"))


def _candidates(
    review: Review, since: str, probe: Mapping[str, str], last: Reconciled, unread: int
) -> Iterator[Iterable[Row]]:
    """Records to read, the likeliest and cheapest first; asked for one after the other.

    ``unread``: so many answers there are that the ledger does not hold.
    """
    client, dataset = review.client, review.dataset
    started = count_started(client, dataset)
    few = started <= READ_AT_ONCE
    yield chain(
        started_rows(client, dataset) if few else _newly_started(review, started, last.until),
        _newly_completed(review, since, unread),
    )
    # For a search engine that is not told when records were completed.
    yield completed_among(client, dataset, list(review.ledger.pending()), last.until)
    if not few and started <= IN_WORK_AT_MOST * int(probe["records"]):
        yield started_rows(client, dataset)


def _newly_started(review: Review, started: int, until: str) -> Iterator[Row]:
    """Of the records in work those that the ledger knows no answer to: found among those without
    answer, where these are few, else among those in work.
    """
    client, dataset = review.client, review.dataset
    known = {article_id for article_id, _ in review.ledger.current()}
    unanswered = [i for i, article in review.ledger.pending().items() if article not in known]
    if len(unanswered) < LISTED_FOR_ASKED * started:
        return answered_among(client, dataset, unanswered, until)
    found = started_ids(client, dataset)
    new = [record_id for record_id, article_id in found.items() if article_id not in known]
    return rows_of(client, dataset, new)


def _newly_completed(review: Review, since: str, unread: int) -> Iterator[Row]:
    """The records completed since then. Where more are found than were answered, as when a pull
    comes right after an import, those with enough answers in the ledger are left out.
    """
    client, dataset = review.client, review.dataset
    if count_completed_since(client, dataset, since) <= unread + READ_AGAIN:
        return completed_since(client, dataset, since)
    submitted = Counter(
        key[0] for key, e in review.ledger.current().items() if e.status == "submitted"
    )
    enough = review.desk.review.min_submitted
    found = ids_completed_since(client, dataset, since)
    new = [record_id for record_id, article_id in found.items() if submitted[article_id] < enough]
    return rows_of(client, dataset, new)


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
    held = ledger.current()
    # One that was started and completed since is found as both.
    found = {row["id"]: row for row in listing.noting(rows)}
    pulled = list(pulled_records(found.values(), review.dataset, review.desk, review.moves))
    entries = [entry for record in pulled for entry in record.entries]
    read, elsewhere = {record.article.id for record in pulled}, ledger.elsewhere()
    here = {k: said for k, said in held.items() if k[0] in read and k not in elsewhere}
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
