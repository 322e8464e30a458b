"""pull_adjudication: what adjudicators decided → their ledger → gold."""

from dataclasses import dataclass

from prefect import flow
from prefect.artifacts import create_table_artifact

from argilla_settings.adjudication import ADJUDICATION, adjudication_name
from argilla_settings.connection import connect
from argilla_settings.data_sets import require_dataset
from corpus.desk import Desk
from corpus.review_state import open_ledger
from corpus.votes.rules import ADJUDICATED
from flows.adjudications import pull_decisions, resolve_gold
from flows.desk_run import DeskRun


class PullAdjudication(DeskRun):
    """``full`` reads everything again although Argilla reports no new activity."""

    full: bool = False


@dataclass(frozen=True, slots=True)
class PulledAdjudication:
    """``new`` counts new, edited and deleted answers; ``adjudicated`` articles are decided by now,
    ``unresolved`` ones still open.
    """

    new: int
    adjudicated: int
    unresolved: int


@flow(name="pull_adjudication")
def pull_adjudication(config: PullAdjudication) -> PulledAdjudication:
    """Append what adjudicators answered, and resolve everything known into gold."""
    desk = config.read()
    ledger = open_ledger(desk)
    client = connect()
    require_dataset(client, desk, ADJUDICATION)
    new = pull_decisions(client, desk, ledger, config.full)
    gold = resolve_gold(desk, ledger)
    found = PulledAdjudication(new, gold.rules.get(ADJUDICATED, 0), gold.unresolved)
    show(desk, found)
    return found


def show(desk: Desk, found: PulledAdjudication) -> None:
    """Artifact: what is decided and what is not."""
    rows = [
        {"what": "new or changed decisions", "value": str(found.new)},
        {"what": "decided by adjudicators", "value": str(found.adjudicated)},
        {"what": "unresolved (ties)", "value": str(found.unresolved)},
    ]
    create_table_artifact(table=rows, key=f"{adjudication_name(desk)}-pulled".replace("_", "-"))
