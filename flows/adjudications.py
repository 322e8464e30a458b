"""What adjudicators decided, pulled beside the answers of annotators; gold of both."""

import argilla as rg
from prefect import task
from prefect.cache_policies import NO_CACHE

from argilla_settings.adjudication import adjudication_name
from argilla_settings.data_sets import find_dataset
from corpus.adjudication import adjudicating, adjudication_ledger
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.ledger import Ledger
from corpus.moves import Moves
from corpus.review_state import resolve_ledger
from flows.pulling import pull_changes
from flows.read_answers import Review, read_all


def pull_decisions(client: rg.Argilla, desk: Desk, ledger: Ledger, full: bool) -> int:
    """Append what adjudicators of the desk answered to the ledger beside ``ledger``.

    Returns how many answers are new, edited or deleted; 0 where nothing was ever adjudicated.
    """
    dataset = find_dataset(client, desk, adjudication_name(desk))
    if dataset is None:
        return 0
    beside = adjudication_ledger(ledger)

    def append(moves: Moves) -> int:
        return read_all(Review(client, dataset, adjudicating(desk), beside, moves), "").new

    return pull_changes(client, dataset, beside, append, full)


@task(cache_policy=NO_CACHE)
def resolve_gold(desk: Desk, ledger: Ledger) -> Gold:
    """Gold of all answers; new articles get their split here, once and for good."""
    gold = resolve_ledger(desk, ledger).gold
    ledger.append_splits({r.article.id: r.split for r in gold.reviewed})
    return gold
