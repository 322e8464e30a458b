"""pull_reviewed: Argilla → ledger → gold → splits."""

from dataclasses import dataclass
from datetime import UTC, datetime

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from argilla_settings.connection import connect
from argilla_settings.data_sets import guidelines_revision, require_dataset
from argilla_settings.news import NEWS
from corpus.cursor import Plan, PullKind, next_pull
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.review_state import open_ledger
from corpus.suggestions.measure import SuggestionEffects, effect_rows, read_effects
from corpus.votes.rules import ADJUDICATED
from flows.adjudications import pull_decisions, resolve_gold
from flows.desk_run import DeskRun
from flows.pulling import finished_moves, read_activity
from flows.read_answers import Review
from flows.read_changes import Pulled, read_planned


class PullReviewed(DeskRun):
    """``full`` reads everything again although Argilla reports no new activity."""

    full: bool = False


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull found; both counts are of new, edited and deleted answers.

    ``kind`` says how much was read, and ``reason`` why.
    """

    new_answers: int
    gold: Gold
    kind: PullKind
    reason: str
    new_adjudications: int = 0


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
    decided = pull_decisions(client, desk, ledger, config.full)
    gold = resolve_gold(desk, ledger)
    show(desk, pulled, gold, read_effects(ledger, desk.models.seed) if pulled.new else None)
    return PullReport(pulled.new, gold, pulled.kind, pulled.reason, decided)


@task(cache_policy=NO_CACHE)
def append_answers(review: Review, plan: Plan, probe: dict[str, str]) -> Pulled:
    """Append to the ledger what it does not hold."""
    return read_planned(review, plan, probe)


def show(desk: Desk, pulled: Pulled, gold: Gold, effects: SuggestionEffects | None) -> None:
    """Artifact: the state of the review, and what suggestions do to it where answers are new."""
    rows = [
        {"what": "kind of pull", "value": f"{pulled.kind} ({pulled.reason})"},
        {"what": "new or changed answers", "value": str(pulled.new)},
        {"what": "answers that count", "value": str(gold.answers)},
        {"what": "annotators", "value": str(gold.annotators)},
        {"what": "reviewed articles", "value": str(len(gold.reviewed))},
        {"what": "unresolved (ties)", "value": str(gold.unresolved)},
        {"what": "decided by adjudicators", "value": str(gold.rules.get(ADJUDICATED, 0))},
        {"what": "waiting for more answers", "value": str(gold.waiting)},
        {"what": "left out as near-duplicates", "value": str(len(gold.quarantined))},
        {"what": "agreement on topics", "value": _share(gold.agreement.topic_percent)},
        {"what": "Krippendorff alpha, topics", "value": _share(gold.agreement.topic_alpha)},
        {"what": "span F1 between annotators", "value": _share(gold.agreement.span_f1)},
        *({"what": w, "value": v} for w, v in (effect_rows(effects) if effects else ())),
    ]
    create_table_artifact(table=rows, key=f"{desk.name}-reviewed".replace("_", "-"))


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"
