"""train_sft: reviewed articles → chats → a LoRA adapter, scored, judged and published."""

import logging
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from corpus.desk import Desk
from corpus.gold import Gold
from corpus.instruct.pairs import Pair, corrected_pairs, reviewed_pairs
from corpus.review_state import Reviewed, desk_questions, read_gold, read_reviewed
from flows.curve_artifact import show_training
from flows.desk_run import DeskRun
from flows.gate import Judged, judge_model
from flows.instruction_base import (
    base_weights,
    open_base,
    publish_base,
    require_public_base,
    require_repo,
)
from flows.model_store import StoredModel, checkpoints_folder, stored_model, train_once
from flows.publish import publish_dataset, publish_model
from flows.publish import show as show_published
from flows.row_scores import ModelScores
from flows.score_answers import require_same_base, score_instructions
from flows.score_tables import show as show_scores
from flows.verdicts import show_verdicts
from publishing.hub import Published
from training.results import TrainedModel

log = logging.getLogger("flows.train_sft")


class TrainSft(DeskRun):
    """Without ``publish`` the adapter stays here, scored and judged."""

    publish: bool = Field(True, description="publish what the gate lets through")
    force_model: bool = Field(False, description="publish it whatever the gate says")


@dataclass(frozen=True, slots=True)
class SftReport:
    """``items``: what is on the Hub now, the data set first; empty where nothing went out."""

    stored: StoredModel
    scores: ModelScores
    judged: Judged
    items: list[Published]


@flow(name="train_sft")
def train_sft(config: TrainSft) -> SftReport:
    """Train on the reviewed articles, score, judge, publish; running it twice changes nothing."""
    desk = config.read()
    require_repo(desk)
    require_sft_alone(desk)
    if config.publish:
        require_public_base(desk)
    review = read_reviewed(desk)
    stored, scores = _trained(desk, review)
    show_training(desk.name, "instructions", stored)
    show_scores(desk, [scores])
    judged = judge_model(desk, review.gold, "instructions", config.force_model)
    show_verdicts(desk, [judged])
    if not (config.publish and judged.ships):
        return SftReport(stored, scores, judged, [])
    # The Hub may have another base by now than the one that was scored.
    require_same_base(stored, base_weights(desk, review.gold))
    data = publish_dataset(desk, review)
    # Before the adapter, which is nothing without it.
    base = publish_base(desk, review)
    # Another machine may have published its own meanwhile.
    require_same_base(stored, base_weights(desk, review.gold))
    items = [data, *base, publish_model(desk, review, judged, data)]
    show_published(desk, items)
    return SftReport(stored, scores, judged, items)


def _trained(desk: Desk, review: Reviewed) -> tuple[StoredModel, ModelScores]:
    """SFT, and with the desk's one switch GRPO from there, compared with it."""
    grpo = desk.models.instructions.grpo
    if not grpo.enabled:
        return train(desk, review.gold), score_instructions(desk, review)
    before = with_grpo(desk, enabled=False)
    sft = train(before, review.gold)
    score_instructions(before, review)
    return tune(desk, review.gold, sft), score_instructions(desk, review, sft)


def training_pairs(desk: Desk, gold: Gold) -> list[Pair]:
    """What an instruction model learns from: gold, and corrections of articles that have none."""
    questions = desk_questions(desk)
    return [
        *reviewed_pairs(gold.reviewed, questions),
        *corrected_pairs(gold.corrected, questions),
    ]


def with_grpo(desk: Desk, enabled: bool) -> Desk:
    """The same desk with the switch set."""
    settings = desk.models.instructions
    switched = settings.model_copy(
        update={"grpo": settings.grpo.model_copy(update={"enabled": enabled})}
    )
    models = desk.models.model_copy(update={"instructions": switched})
    return desk.model_copy(update={"models": models})


@task(cache_policy=NO_CACHE)
def tune(desk: Desk, gold: Gold, sft: StoredModel) -> StoredModel:
    """GRPO from the SFT model, with its progress in the log."""

    def fit(folder: Path) -> TrainedModel:
        from training.instruct.grpo import Start, train_with_rewards

        tuned = train_with_rewards(
            training_pairs(desk, gold),
            open_base(desk, gold),
            Start(sft.model, sft.training["settings"]),
            desk.models.instructions,
            desk.models.seed,
            folder,
            **_watched(desk, gold),
        )
        return _with_corrections(tuned, gold)

    return train_once(desk, gold, "instructions", fit)


@task(cache_policy=NO_CACHE)
def train(desk: Desk, gold: Gold) -> StoredModel:
    """One training, with its progress in the log."""
    return train_once(desk, gold, "instructions", lambda folder: fit_sft(desk, gold, folder))


def fit_sft(desk: Desk, gold: Gold, folder: Path) -> TrainedModel:
    """Train into the folder; each of several processes calls this, and the first one writes."""
    # trl takes ten CPU seconds to import; a model that is found again needs none of them.
    from training.entities.fit import together
    from training.instruct.train import train_instructions

    # The offline base is made once.
    with together().main_process_first():
        base = open_base(desk, gold)
    trained = train_instructions(
        training_pairs(desk, gold),
        base,
        desk.models.instructions,
        desk.models.seed,
        folder,
        **_watched(desk, gold),
    )
    return _with_corrections(trained, gold)


def _watched(desk: Desk, gold: Gold) -> dict[str, Any]:
    """How both trainings show where they are, and where they go on after a kill."""
    return {
        "on_progress": _log_progress,
        "checkpoints": checkpoints_folder(desk, gold, "instructions"),
        "tracking": desk.models.tracking,
    }


def help_train_sft(config: TrainSft) -> None:
    """What the others of several processes do: train with the first one, and nothing else."""
    desk = config.read()
    require_sft_alone(desk)
    gold = read_gold(desk)
    # Then the first one trains nothing, either.
    if stored_model(desk, gold, "instructions") is None:
        with tempfile.TemporaryDirectory() as name:
            fit_sft(desk, gold, Path(name) / "model")


def require_sft_alone(desk: Desk) -> None:
    """DeskError where GRPO is to follow in several processes, before SFT begins."""
    if desk.models.instructions.grpo.enabled:
        from training.instruct.grpo import require_one_process

        require_one_process()


def _with_corrections(trained: TrainedModel, gold: Gold) -> TrainedModel:
    """Its card counts the chats that are people's corrections of an earlier model."""
    counted = trained.settings | {"chats_corrected": chats_corrected(gold)}
    return replace(trained, settings=counted)


def chats_corrected(gold: Gold) -> int:
    """Of the chats that a model learns from; those of the validation split only measure it."""
    return sum(correction.split == "train" for correction in gold.corrected)


def _log_progress(step: int, total: int) -> None:
    if step == total or step % max(1, total // 10) == 0:
        log.info("training instructions: step %d of %d", step, total)
