"""pull_reviewed: Argilla → ledger → gold → splits."""

import logging
from dataclasses import dataclass

import argilla as rg
from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from argilla_settings.connection import connect
from argilla_settings.data_sets import require_dataset
from argilla_settings.news import NEWS
from argilla_settings.responses import PulledRecord, pull_records
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.ledger import Ledger
from corpus.moves import Moves
from corpus.review_state import open_ledger, resolve_ledger
from corpus.statements import current_statements
from corpus.suggestions.measure import SuggestionEffects, effect_rows, read_effects
from flows.desk_run import DeskRun
from flows.pulling import buried, pull_changes

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
    dataset = require_dataset(client, desk, NEWS)

    def append(moves: Moves) -> int:
        return append_answers(client, dataset, desk, ledger, moves)

    new = pull_changes(client, dataset, ledger, append, config.full)
    gold = resolve_gold(desk, ledger)
    show(desk, new, gold, read_effects(ledger, desk.models.seed) if new else None)
    return PullReport(new, gold)


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
    gone = buried(ledger, dataset, held, entries)
    new = ledger.append_entries([*entries, *gone])
    log.info(
        "%d answers read, %d new or edited, %d deleted", len(entries), new - len(gone), len(gone)
    )
    return new


@task(cache_policy=NO_CACHE)
def resolve_gold(desk: Desk, ledger: Ledger) -> Gold:
    """Gold of all answers; new articles get their split here, once and for good."""
    gold = resolve_ledger(desk, ledger).gold
    ledger.append_splits({r.article.id: r.split for r in gold.reviewed})
    return gold


def show(desk: Desk, new_answers: int, gold: Gold, effects: SuggestionEffects | None) -> None:
    """Artifact: the state of the review, and what suggestions do to it where answers are new."""
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
        *({"what": w, "value": v} for w, v in (effect_rows(effects) if effects else ())),
    ]
    create_table_artifact(table=rows, key=f"{desk.name}-reviewed".replace("_", "-"))


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"
