"""pull_reviewed: Argilla → ledger → gold → splits."""

import logging
from dataclasses import dataclass

import argilla as rg
from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from argilla_settings.connection import connect
from argilla_settings.news import guidelines_revision, require_dataset
from argilla_settings.responses import PulledRecord, activity, pull_records
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.ledger import Ledger
from corpus.moves import Moves, read_moves
from corpus.review_state import open_ledger, resolve_ledger
from corpus.statements import current_statements
from flows.desk_run import DeskRun

log = logging.getLogger("flows.pull_reviewed")


class PullReviewed(DeskRun):
    """``full`` reads everything again although Argilla reports no new activity."""

    full: bool = False


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull found; ``new_answers`` counts new, edited and deleted ones."""

    new_answers: int
    gold: Gold


@flow(name="pull_reviewed")
def pull_reviewed(config: PullReviewed) -> PullReport:
    """Append new answers to the ledger and resolve everything known into gold."""
    desk = config.read()
    ledger = open_ledger(desk)
    client = connect()
    dataset = require_dataset(client, desk)
    moves = finished_moves(ledger, dataset)
    cursor = read_activity(client, dataset, moves)
    ledger.append_guidelines(guidelines_revision(dataset), dataset.settings.guidelines or "")
    new = 0
    if config.full or cursor != ledger.cursor():
        new = append_answers(client, dataset, desk, ledger, moves)
        # Last, so that a pull that was killed is repeated.
        ledger.set_cursor(cursor)
    gold = resolve_gold(desk, ledger)
    show(desk, new, gold)
    return PullReport(new, gold)


def finished_moves(ledger: Ledger, dataset: rg.Dataset) -> Moves:
    """What came here from another server. Half of it would look as if the rest were deleted."""
    moves = read_moves(ledger)
    if str(dataset.id) in moves.unfinished:
        raise DeskError(
            f"An import into Argilla's data set {dataset.name!r} has not finished.",
            "Run copydesk import-argilla with the same file again; it continues.",
        )
    return moves


@task(cache_policy=NO_CACHE)
def read_activity(client: rg.Argilla, dataset: rg.Dataset, moves: Moves) -> dict[str, str]:
    """The cheap probe: an unchanged data set needs no paging. Asked before the pages are read,
    so that an answer that arrives meanwhile moves it again.
    """
    probe = {**activity(client, dataset), "guidelines": guidelines_revision(dataset)}
    # Argilla does not count imported answers as activity.
    imported = moves.count(str(dataset.id))
    return {**probe, "imported": str(imported)} if imported else probe


@task(cache_policy=NO_CACHE)
def append_answers(
    client: rg.Argilla, dataset: rg.Dataset, desk: Desk, ledger: Ledger, moves: Moves
) -> int:
    """Page all records with answers and append what the ledger does not hold."""
    # Read before Argilla is asked: what another pull adds meanwhile is not deleted.
    held = current_statements(ledger.entries())
    pulled: list[PulledRecord] = list(pull_records(client, dataset, desk, moves))
    entries = [entry for record in pulled for entry in record.entries]
    ledger.append_articles(record.article for record in pulled)
    # Of another Argilla data set of the same name the answers are not deleted, only elsewhere.
    same = ledger.cursor().get("dataset", str(dataset.id)) == str(dataset.id)
    gone = set(held) - {entry.key for entry in entries} if same else set()
    new = ledger.append_entries([*entries, *(held[key].buried() for key in sorted(gone))])
    log.info(
        "%d answers read, %d new or edited, %d deleted", len(entries), new - len(gone), len(gone)
    )
    return new


@task(cache_policy=NO_CACHE)
def resolve_gold(desk: Desk, ledger: Ledger) -> Gold:
    """Gold of all answers; new articles get their split here, once and for good."""
    gold = resolve_ledger(desk, ledger)
    ledger.append_splits({r.article.id: r.split for r in gold.reviewed})
    return gold


def show(desk: Desk, new_answers: int, gold: Gold) -> None:
    """Artifact: the state of the review."""
    rows = [
        {"what": "new or changed answers", "value": str(new_answers)},
        {"what": "answers that count", "value": str(gold.answers)},
        {"what": "annotators", "value": str(gold.annotators)},
        {"what": "reviewed articles", "value": str(len(gold.reviewed))},
        {"what": "unresolved (ties)", "value": str(gold.unresolved)},
        {"what": "waiting for more answers", "value": str(gold.waiting)},
        {"what": "left out as near-duplicates", "value": str(len(gold.quarantined))},
        {"what": "agreement on topics", "value": _share(gold.agreement.topic_percent)},
        {"what": "Krippendorff alpha, topics", "value": _share(gold.agreement.topic_alpha)},
        {"what": "span F1 between annotators", "value": _share(gold.agreement.span_f1)},
    ]
    create_table_artifact(table=rows, key=f"{desk.name}-reviewed".replace("_", "-"))


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"
