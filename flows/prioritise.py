"""prioritise: waiting articles × the last models → their places in the queue, in Argilla."""

import logging
from dataclasses import dataclass

import argilla as rg
from prefect import flow, task
from prefect.artifacts import create_link_artifact
from prefect.cache_policies import NO_CACHE

from argilla_settings.connection import connect
from argilla_settings.data_sets import require_dataset
from argilla_settings.news import NEWS
from argilla_settings.priority import Pool, queue_url, read_pool, set_places
from corpus.articles import Prediction
from corpus.desk import Desk
from flows.desk_run import DeskRun
from flows.ordering import order_articles

log = logging.getLogger("flows.prioritise")


@dataclass(frozen=True, slots=True)
class Prioritised:
    """How many articles wait, how many of them got another place, and where they are reviewed."""

    waiting: int
    changed: int
    url: str


@flow(name="prioritise")
def prioritise(config: DeskRun) -> Prioritised:
    """Put what nobody answered into the order of the desk; the same models change nothing again."""
    desk = config.read()
    client = connect()
    dataset = require_dataset(client, desk, NEWS)
    pool = read(client, dataset)
    changed = place(client, dataset, desk, pool, ask(desk, pool))
    found = Prioritised(len(pool.waiting), changed, queue_url(client, dataset))
    log.info("%d of %d waiting articles have another place", found.changed, found.waiting)
    create_link_artifact(
        link=found.url,
        link_text=f"{found.waiting} articles in the order of review",
        key=f"{desk.name}-queue".replace("_", "-"),
    )
    return found


@task(cache_policy=NO_CACHE)
def read(client: rg.Argilla, dataset: rg.Dataset) -> Pool:
    """What waits in Argilla, and what was answered."""
    return read_pool(client, dataset)


@task(cache_policy=NO_CACHE)
def ask(desk: Desk, pool: Pool) -> dict[str, Prediction]:
    """What the last published models, or zero-shot topics, say of what waits and is not blind.

    Nobody is asked where the order does not depend on it.
    """
    shown = [article for article in pool.waiting if article.id not in pool.blind]
    if not desk.review.order.uncertainty or not shown:
        return {}
    # Loads torch.
    from flows.preannotation import pre_annotate

    return pre_annotate(desk, shown)


@task(cache_policy=NO_CACHE)
def place(
    client: rg.Argilla, dataset: rg.Dataset, desk: Desk, pool: Pool, said: dict[str, Prediction]
) -> int:
    """Order and note it; returns how many records changed."""
    places = order_articles(desk, pool.waiting, pool.blind, said, pool.answered)
    return set_places(client, dataset, places)
