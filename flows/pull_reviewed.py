"""pull_reviewed: Argilla → ledger → gold → splits."""

from dataclasses import dataclass

from prefect import flow
from prefect.artifacts import create_table_artifact

from argilla_settings.connection import connect
from argilla_settings.data_sets import require_dataset
from argilla_settings.news import NEWS
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.moves import Moves
from corpus.review_state import open_ledger
from corpus.votes.rules import ADJUDICATED
from flows.adjudications import pull_decisions, resolve_gold
from flows.desk_run import DeskRun
from flows.pulling import append_answers, pull_changes


class PullReviewed(DeskRun):
    """``full`` reads everything again although Argilla reports no new activity."""

    full: bool = False


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull found; both counts are of new, edited and deleted answers."""

    new_answers: int
    gold: Gold
    new_adjudications: int = 0


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
    decided = pull_decisions(client, desk, ledger, config.full)
    gold = resolve_gold(desk, ledger)
    show(desk, new, gold)
    return PullReport(new, gold, decided)


def show(desk: Desk, new_answers: int, gold: Gold) -> None:
    """Artifact: the state of the review."""
    rows = [
        {"what": "new or changed answers", "value": str(new_answers)},
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
    ]
    create_table_artifact(table=rows, key=f"{desk.name}-reviewed".replace("_", "-"))


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"
