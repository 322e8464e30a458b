"""train_entities: gold → a token classifier in the model store."""

import logging
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from corpus.desk import Desk
from corpus.gold import Gold
from corpus.review_state import read_gold
from flows.curve_artifact import show_training
from flows.desk_run import DeskRun
from flows.model_store import StoredModel
from flows.train_once import train_once
from training.entities.train import train_entities as fit_entities
from training.examples import entity_examples
from training.results import TrainedModel

log = logging.getLogger("flows.train_entities")


@flow(name="train_entities")
def train_entities(config: DeskRun) -> StoredModel:
    """Train on the reviewed articles; what was trained from the same gold is found again."""
    desk = config.read()
    gold = read_gold(desk)
    stored = train(desk, gold)
    show_training(desk.name, "entities", stored)
    return stored


@task(cache_policy=NO_CACHE)
def train(desk: Desk, gold: Gold) -> StoredModel:
    """One training, with its progress in the log."""

    def fit(folder: Path) -> TrainedModel:
        return fit_entities(
            entity_examples(gold.reviewed),
            list(desk.labels.entities),
            desk.models.entities,
            desk.models.encoder,
            desk.models.seed,
            folder,
            on_progress=_log_progress,
            tracking=desk.models.tracking,
        )

    return train_once(desk, gold, "entities", fit)


def _log_progress(step: int, total: int) -> None:
    if step == total or step % max(1, total // 10) == 0:
        log.info("training entities: step %d of %d", step, total)
