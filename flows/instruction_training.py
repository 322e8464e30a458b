"""Training of a desk's instruction model: its chats, SFT, and GRPO from there."""

import logging
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from corpus.desk import Desk
from corpus.gold import Gold
from corpus.instruct.pairs import Pair, corrected_pairs, reviewed_pairs
from corpus.review_state import desk_questions, read_gold
from corpus.settings.instructions import InstructionModelSettings
from flows.after_sft import with_sft
from flows.instruction_base import open_base
from flows.model_store import StoredModel, stored_model
from flows.train_once import checkpoints_folder, train_once
from training.results import TrainedModel

log = logging.getLogger("flows.instruction_training")


def training_pairs(desk: Desk, gold: Gold) -> list[Pair]:
    """What an instruction model learns from: gold, and corrections of articles that have none."""
    questions = desk_questions(desk)
    return [
        *reviewed_pairs(gold.reviewed, questions),
        *corrected_pairs(gold.corrected, questions),
    ]


@task(cache_policy=NO_CACHE)
def train(desk: Desk, gold: Gold, then: InstructionModelSettings | None = None) -> StoredModel:
    """One training, with its progress in the log.

    ``then``: the settings of a GRPO that follows; what it would refuse is refused before SFT.
    """
    return train_once(desk, gold, "instructions", lambda folder: fit_sft(desk, gold, folder, then))


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
        return with_sft(_with_corrections(tuned, gold), sft, folder)

    return train_once(desk, gold, "instructions", fit)


def fit_sft(
    desk: Desk, gold: Gold, folder: Path, then: InstructionModelSettings | None = None
) -> TrainedModel:
    """Train into the folder; each of several processes calls this, and the first one writes."""
    # trl takes ten CPU seconds to import; a model that is found again needs none of them.
    from training.entities.fit import together
    from training.instruct.train import train_instructions

    # The offline base is made once.
    with together().main_process_first():
        base = open_base(desk, gold)
    pairs = training_pairs(desk, gold)
    if then is not None:
        from training.instruct.grpo import affordable_prompts

        affordable_prompts(pairs, base, then)
    trained = train_instructions(
        pairs,
        base,
        desk.models.instructions,
        desk.models.seed,
        folder,
        **_watched(desk, gold),
    )
    return _with_corrections(trained, gold)


def help_train_sft(desk: Desk) -> None:
    """What the others of several processes do: train with the first one, and nothing else."""
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


def with_grpo(desk: Desk, enabled: bool) -> Desk:
    """The same desk with the switch set."""
    settings = desk.models.instructions
    switched = settings.model_copy(
        update={"grpo": settings.grpo.model_copy(update={"enabled": enabled})}
    )
    models = desk.models.model_copy(update={"instructions": switched})
    return desk.model_copy(update={"models": models})


def chats_corrected(gold: Gold) -> int:
    """Of the chats that a model learns from; those of the validation split only measure it."""
    return sum(correction.split == "train" for correction in gold.corrected)


def _watched(desk: Desk, gold: Gold) -> dict[str, Any]:
    """How both trainings show where they are, and where they go on after a kill."""
    return {
        "on_progress": _log_progress,
        "checkpoints": checkpoints_folder(desk, gold, "instructions"),
        "tracking": desk.models.tracking,
    }


def _with_corrections(trained: TrainedModel, gold: Gold) -> TrainedModel:
    """Its card counts the chats that are people's corrections of an earlier model."""
    counted = trained.settings | {"chats_corrected": chats_corrected(gold)}
    return replace(trained, settings=counted)


def _log_progress(step: int, total: int) -> None:
    if step == total or step % max(1, total // 10) == 0:
        log.info("training instructions: step %d of %d", step, total)
