"""load_adjudication: questions whose answers tie → records for adjudicators in Argilla."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import argilla as rg
from prefect import flow, task
from prefect.artifacts import create_link_artifact
from prefect.cache_policies import NO_CACHE

from argilla_settings.adjudication import ADJUDICATION, adjudication_name
from argilla_settings.adjudication_records import LoadedTallies, adjudication_url, load_tallies
from argilla_settings.connection import connect
from argilla_settings.data_sets import ensure_dataset, find_dataset
from corpus.adjudication import Tally, adjudication_ledger
from corpus.desk import Desk
from corpus.review_state import Resolved, find_open, open_ledger, read_resolved
from corpus.votes.decided import TIE
from flows.desk_run import DeskRun

log = logging.getLogger("flows.load_adjudication")


@dataclass(frozen=True, slots=True)
class LoadedAdjudication:
    """``open`` articles are left open by annotators, ``decided`` of them by an adjudicator since.

    ``argilla_url`` shows the others; it is empty where nothing was ever open.
    """

    open: int
    decided: int
    records: LoadedTallies
    argilla_url: str


@flow(name="load_adjudication")
def load_adjudication(config: DeskRun) -> LoadedAdjudication:
    """Put what is open before adjudicators; what is there stays as it is."""
    desk = config.read()
    # Of everything pulled so far, adjudications with it.
    resolved = read_resolved(desk)
    waiting = {r.article.id for r in resolved.gold.reviewed if r.rule == TIE}
    tallies = open_articles(desk, resolved)
    client = connect()
    if not tallies and find_dataset(client, desk, adjudication_name(desk)) is None:
        return LoadedAdjudication(0, 0, LoadedTallies(0, 0, 0), "")
    dataset = ensure_dataset(client, desk, ADJUDICATION)
    records = log_open(client, dataset, desk, tallies)
    url = adjudication_url(client, dataset)
    create_link_artifact(
        link=url,
        link_text=f"Adjudicate {desk.name} in Argilla",
        key=adjudication_name(desk).replace("_", "-"),
    )
    return LoadedAdjudication(len(tallies), len(tallies.keys() - waiting), records, url)


@task(cache_policy=NO_CACHE)
def open_articles(desk: Desk, resolved: Resolved) -> dict[str, Tally]:
    """What annotators left open, with their answers counted."""
    return find_open(desk, resolved)


@task(cache_policy=NO_CACHE)
def log_open(
    client: rg.Argilla, dataset: rg.Dataset, desk: Desk, tallies: Mapping[str, Tally]
) -> LoadedTallies:
    """Records of open articles; one deleted there after it was answered stays out."""
    withdrawn = adjudication_ledger(open_ledger(desk)).withdrawn()
    found = load_tallies(client, dataset, tallies, withdrawn)
    log.info(
        "%d open articles: %d new, %d told anew, %d marked as open or not",
        len(tallies), found.new, found.told, found.marked,
    )  # fmt: skip
    return found
