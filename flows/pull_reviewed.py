"""pull_reviewed: Argilla → ledger → gold → splits."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from argilla_settings.connection import connect
from argilla_settings.data_sets import guidelines_revision, require_dataset
from argilla_settings.news import NEWS
from corpus.cursor import ACTIVITY, RECONCILED, Plan, PullKind, next_pull, read_reconciled
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.ledger import Ledger
from corpus.review_state import open_ledger, resolve_ledger
from flows.desk_run import DeskRun
from flows.pulling import finished_moves, read_activity
from flows.read_answers import Review, read_all, read_changes

log = logging.getLogger("flows.pull_reviewed")


class PullReviewed(DeskRun):
    """``full`` reads everything again although Argilla reports no new activity."""

    full: bool = False


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull found; ``new_answers`` counts new, edited and deleted ones.

    ``kind`` says how much was read, and ``reason`` why.
    """

    new_answers: int
    gold: Gold
    kind: PullKind
    reason: str


@flow(name="pull_reviewed")
def pull_reviewed(config: PullReviewed) -> PullReport:
    """Append new answers to the ledger and resolve everything known into gold."""
    desk = config.read()
    ledger = open_ledger(desk)
    client = connect()
    dataset = require_dataset(client, desk, NEWS)
    moves = finished_moves(ledger, dataset)
    review = Review(client, dataset, desk, ledger, moves)
    probe = read_activity(client, dataset, moves)
    ledger.append_guidelines(guidelines_revision(dataset), dataset.settings.guidelines or "")
    plan = next_pull(
        ledger.cursor(), probe, desk.review.reconcile_hours, datetime.now(UTC), config.full
    )
    pulled = append_answers(review, plan, probe)
    gold = resolve_gold(desk, ledger)
    show(desk, pulled, gold)
    return PullReport(pulled.new, gold, pulled.kind, pulled.reason)


@dataclass(frozen=True, slots=True)
class Pulled:
    """How many answers were appended, by which kind of pull, and why it was that."""

    new: int
    kind: PullKind
    reason: str


@task(cache_policy=NO_CACHE)
def append_answers(review: Review, plan: Plan, probe: dict[str, str]) -> Pulled:
    """Append what the ledger does not hold; a pull of changes that is not sure reads all."""
    log.info("pull of kind %s: %s", plan.kind, plan.reason)
    if plan.kind == "unchanged":
        return Pulled(0, plan.kind, plan.reason)
    cursor, new = review.ledger.cursor(), 0
    last = read_reconciled(cursor)
    if plan.kind == "changes" and last is not None:
        changes = read_changes(review, cursor[ACTIVITY], probe[ACTIVITY], last)
        new = changes.new
        if not changes.missed:
            review.ledger.set_cursor({**probe, RECONCILED: last.to_json()})
            return Pulled(new, plan.kind, plan.reason)
        plan = Plan("full", changes.missed)
        log.info("pull of kind %s: %s", plan.kind, plan.reason)
    everything = read_all(review, probe[ACTIVITY])
    # Last, so that a pull that was killed is repeated.
    review.ledger.set_cursor({**probe, RECONCILED: everything.reconciled.to_json()})
    return Pulled(new + everything.new, plan.kind, plan.reason)


@task(cache_policy=NO_CACHE)
def resolve_gold(desk: Desk, ledger: Ledger) -> Gold:
    """Gold of all answers; new articles get their split here, once and for good."""
    gold = resolve_ledger(desk, ledger).gold
    ledger.append_splits({r.article.id: r.split for r in gold.reviewed})
    return gold


def show(desk: Desk, pulled: Pulled, gold: Gold) -> None:
    """Artifact: the state of the review."""
    rows = [
        {"what": "kind of pull", "value": f"{pulled.kind} ({pulled.reason})"},
        {"what": "new or changed answers", "value": str(pulled.new)},
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
