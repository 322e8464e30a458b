"""train_topics: gold → a topic model in the model store."""

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
from flows.train_once import checkpoints_folder, train_once
from training.examples import topic_examples
from training.results import TrainedModel

log = logging.getLogger("flows.train_topics")


@flow(name="train_topics")
def train_topics(config: DeskRun) -> StoredModel:
    """Train on the reviewed articles; what was trained from the same gold is found again."""
    desk = config.read()
    gold = read_gold(desk)
    stored = train(desk, gold)
    show_training(desk.name, "topics", stored)
    return stored


@task(cache_policy=NO_CACHE)
def train(desk: Desk, gold: Gold) -> StoredModel:
    """One training, with its progress in the log."""

    def fit(folder: Path) -> TrainedModel:
        # SetFit takes ten CPU seconds to import; a model that is found again needs none of them.
        from training.classification.train import train_topics as fit_topics

        return fit_topics(
            topic_examples(gold.reviewed),
            list(desk.labels.topics),
            desk.models.topics,
            desk.models.encoder,
            desk.models.seed,
            folder,
            on_progress=_log_progress,
            checkpoints=checkpoints_folder(desk, gold, "topics"),
            tracking=desk.models.tracking,
            several=desk.labels.several_topics,
        )

    return train_once(desk, gold, "topics", fit)


def _log_progress(step: int, total: int) -> None:
    if step == total or step % max(1, total // 10) == 0:
        log.info("training topics: step %d of %d", step, total)
