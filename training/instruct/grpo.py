"""GRPO after SFT: answers to one prompt compete, and those that the gold rewards become likelier.

Group-relative policy optimisation (Shao et al. 2024, arXiv:2402.03300) by trl's own trainer, with
rewards that can be checked. The divergence is held to the SFT model: trl keeps a frozen copy of the
adapter that it starts from.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import set_seed
from transformers.trainer_callback import PrinterCallback
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from corpus.errors import DeskError
from corpus.instruct.pairs import Pair
from corpus.settings.instructions import InstructionModelSettings
from corpus.tracking import Tracking
from training.checkpoints import last_checkpoint, training_key
from training.entities.fit import Run, processes
from training.entities.learning_curve import ReportSteps
from training.instruct.adapter import load_adapter, save_adapter
from training.instruct.answers_alone import answers_alone
from training.instruct.base import Base
from training.instruct.budget import (
    memory_errors,
    require_grpo_memory,
    require_grpo_tokens,
)
from training.instruct.fit import adapter_size
from training.instruct.generate import prompt_ids
from training.instruct.lengths import fit_lengths, shorten_prompts, without_lost_names
from training.instruct.memory import shape_of
from training.instruct.reward_curve import RewardPoint, draw_rewards, say_rewards
from training.instruct.rewards import WEIGHTS, gold_column, rewards_of
from training.instruct.weights import weights_digest
from training.results import CurvePoint, Progress, Stopwatch, TrainedModel
from training.tracking import report_to

ADVICE = (
    "Lower models.instructions.grpo.prompts or grpo.answers, or max_new_tokens. Nothing was "
    "published."
)


@dataclass(frozen=True, slots=True)
class Start:
    """The SFT model that GRPO begins with: its adapter's folder, and what it was trained with."""

    adapter: Path
    settings: Mapping[str, Any]


def train_with_rewards(
    pairs: Sequence[Pair],
    base: Base,
    start: Start,
    settings: InstructionModelSettings,
    seed: int,
    output_dir: Path,
    on_progress: Progress | None = None,
    checkpoints: Path | None = None,
    tracking: Tracking = "none",
) -> TrainedModel:
    """Tune the adapter on by rewards for the pairs of split train; the last step is kept.

    Raises DeskError where no pair is in the train split, tokens or memory are over their limits,
    or several processes were started.
    """
    require_one_process()
    watch = Stopwatch()
    checkpoints = checkpoints or output_dir.with_name(f"{output_dir.name}.checkpoints")
    report_to(tracking)
    train = affordable_prompts(pairs, base, settings)
    set_seed(seed)
    chats = [[p.id, p.messages()] for p in train]
    weights = [weights_digest(start.adapter), base.weights]
    key = training_key([chats, settings.decisive(), weights, seed])
    run = Run(checkpoints, key, on_progress, tracking)
    model, rewards = fit_rewards(base, start.adapter, train, settings, seed, run)
    save_adapter(model, base, output_dir)
    png = output_dir / "learning_curve.png"
    draw_rewards(rewards, png)
    shutil.rmtree(checkpoints, ignore_errors=True)
    grpo = {f"grpo_{name}": value for name, value in settings.grpo.model_dump().items()}
    return TrainedModel(
        folder=output_dir,
        kind="instructions",
        curve=tuple(CurvePoint(p.step, validation_score=p.total) for p in rewards),
        curve_png=png,
        diagnosis=say_rewards(rewards),
        examples=len(train),
        seconds=watch.seconds(),
        cpu_seconds=watch.cpu_seconds(),
        seed=seed,
        settings={**start.settings, **grpo},
    )


def require_one_process() -> None:
    """DeskError under a launcher of several: groups of answers are not shared out."""
    if processes() > 1:
        raise DeskError(
            f"GRPO trains in one process, and {processes()} were started.",
            "Train SFT in several with models.instructions.grpo.enabled=false; then run copydesk "
            "train sft as the desk says, without accelerate launch.",
        )


def fit_rewards(
    base: Base,
    adapter: Path,
    train: Sequence[Pair],
    settings: InstructionModelSettings,
    seed: int,
    run: Run,
) -> tuple[Any, tuple[RewardPoint, ...]]:
    """The model after its last step, and the reward of each step."""
    resumed = last_checkpoint(run.checkpoints, run.key)
    rewards: list[Any] = list(rewards_of(train[0].questions))
    trainer = GRPOTrainer(
        model=load_adapter(adapter, base, trainable=True),
        reward_funcs=rewards,
        args=arguments(settings, [WEIGHTS[r.__name__] for r in rewards], seed, run),
        train_dataset=Dataset.from_list(
            [{"prompt": p.prompt(), "gold": gold_column(p.answer)} for p in train]
        ),
        processing_class=base.tokenizer,
    )
    trainer.remove_callback(PrinterCallback)
    if run.on_progress is not None:
        trainer.add_callback(ReportSteps(run.on_progress))
    with memory_errors(ADVICE), answers_alone():
        trainer.train(resume_from_checkpoint=None if resumed is None else str(resumed))
    names = [r.__name__ for r in rewards]
    return trainer.model, points(trainer.state.log_history, names)


def arguments(
    settings: InstructionModelSettings, weights: list[float], seed: int, run: Run
) -> GRPOConfig:
    """trl's options; sampling as it is drawn from the model, nothing cut off."""
    grpo, gpu = settings.grpo, torch.cuda.is_available()
    bf16 = gpu and torch.cuda.is_bf16_supported()
    return GRPOConfig(
        output_dir=str(run.checkpoints),
        max_steps=grpo.max_steps,
        per_device_train_batch_size=grpo.prompts * grpo.answers,
        num_generations=grpo.answers,
        max_completion_length=settings.max_new_tokens,
        learning_rate=grpo.learning_rate,
        lr_scheduler_type="constant",
        beta=grpo.kl,
        temperature=grpo.temperature,
        reward_weights=weights,
        gradient_checkpointing=settings.gradient_checkpointing,
        bf16=bf16,
        fp16=gpu and not bf16,
        logging_steps=1,
        save_strategy="steps",
        save_steps=max(1, grpo.max_steps // 5),
        save_total_limit=1,
        report_to=report_to(run.tracking) or "none",
        seed=seed,
        disable_tqdm=True,
        dataloader_pin_memory=gpu,
    )


def points(history: Sequence[Mapping[str, Any]], names: Sequence[str]) -> tuple[RewardPoint, ...]:
    """The curve from the trainer's own log, which checkpoints keep."""
    return tuple(
        RewardPoint(
            step=entry["step"],
            total=entry["reward"],
            kl=entry.get("kl", 0.0),
            each={name: entry[f"rewards/{name}/mean"] for name in names},
        )
        for entry in history
        if "reward" in entry
    )


def affordable_prompts(
    pairs: Sequence[Pair], base: Base, settings: InstructionModelSettings
) -> list[Pair]:
    """What GRPO asks: the train split, by id, cut so that an answer has room.

    Raises DeskError where that is nothing, or tokens or memory are over their limits. It needs no
    SFT model, so that it can be asked before one is trained.
    """
    chosen = sorted((p for p in pairs if p.split == "train"), key=lambda p: (p.id, p.text))
    fitted = fit_lengths(chosen, base.tokenizer, settings.max_length_tokens, settings.too_long)
    if not fitted.pairs:
        raise DeskError(
            "No reviewed article of the train split makes a chat.",
            "Review more articles and run copydesk pull; then train again.",
        )
    asked = shorten_prompts(fitted.pairs, base.tokenizer, settings.max_new_tokens, base.context)
    # A name that stood in the end which was cut off would be earned by inventing it.
    found = [*map(without_lost_names, asked)]
    longest = max(len(prompt_ids(pair, base.tokenizer)) for pair in found)
    require_grpo_tokens(settings, longest)
    shape = shape_of(base.model, adapter_size(base, settings), settings.lora_dropout > 0)
    require_grpo_memory(shape, settings, longest)
    return found
