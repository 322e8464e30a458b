"""SFT with LoRA by trl's own trainer: loss on answers only, best evaluation kept, resumable."""

import sys
from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import EarlyStoppingCallback
from transformers.trainer_callback import PrinterCallback
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from corpus.errors import DeskError
from corpus.instruct.pairs import Pair
from corpus.settings.instructions import InstructionModelSettings
from training.checkpoints import last_checkpoint
from training.encoder import OFFLINE
from training.entities.fit import Run, batch_share, processes, together
from training.entities.learning_curve import ReportSteps, points
from training.instruct.answers_alone import answers_alone
from training.instruct.base import Base
from training.instruct.budget import BATCH_SETTING, advice_of, memory_errors
from training.results import CurvePoint
from training.tracking import report_to

LOSS_NAME = "cross-entropy a token of the answer"
SCORE_KEY = "eval_score"


class AnswerTrainer(SFTTrainer):
    """trl's, which besides the loss writes some answers at each evaluation and scores them."""

    score_answers: Any = None

    def evaluate(self, *given: Any, **options: Any) -> dict[str, float]:
        """Loss, and what ``score_answers`` says of the model as it is now."""
        metrics: dict[str, float] = super().evaluate(*given, **options)
        if self.score_answers is not None:
            metrics[SCORE_KEY] = self.score_answers(self.model)
            self.log({SCORE_KEY: metrics[SCORE_KEY]})
        return metrics


def fit(
    base: Base,
    train: Sequence[Pair],
    validation: Sequence[Pair],
    settings: InstructionModelSettings,
    seed: int,
    run: Run,
    score_answers: Any = None,
) -> tuple[Any, tuple[CurvePoint, ...]]:
    """The model with its adapter, as it was at the lowest validation loss, and its curve.

    ``score_answers(model)`` gives a score in [0, 1] for the curve.
    """
    # The first one removes what is of another training, before others look.
    with together().main_process_first():
        resumed = last_checkpoint(run.checkpoints, run.key)
    trainer = make_trainer(base, train, validation, settings, seed, run)
    trainer.score_answers = score_answers
    with memory_errors(advice_of(settings)), answers_alone():
        trainer.train(resume_from_checkpoint=None if resumed is None else str(resumed))
    trainer.accelerator.wait_for_everyone()
    return trainer.model, points(trainer.state.log_history, SCORE_KEY)


def make_trainer(
    base: Base,
    train: Sequence[Pair],
    validation: Sequence[Pair],
    settings: InstructionModelSettings,
    seed: int,
    run: Run,
) -> AnswerTrainer:
    """Ready to train; its labels are those of answers alone, packed or not."""
    if settings.packing:
        require_flash_attention(base)
    trainer = AnswerTrainer(
        model=base.model,
        args=arguments(settings, len(train), seed, run, bool(validation)),
        train_dataset=chats(train),
        eval_dataset=chats(validation) if validation else None,
        processing_class=base.tokenizer,
        peft_config=lora(base, settings),
    )
    # It prints every log entry to the terminal.
    trainer.remove_callback(PrinterCallback)
    if run.on_progress is not None:
        trainer.add_callback(ReportSteps(run.on_progress))
    if validation and settings.early_stopping_evaluations:
        trainer.add_callback(EarlyStoppingCallback(settings.early_stopping_evaluations))
    return trainer


def chats(pairs: Sequence[Pair]) -> Dataset:
    """As trl reads them: it takes the loss of completions only."""
    return Dataset.from_list(
        [{"prompt": p.prompt(), "completion": p.messages()[-1:]} for p in pairs]
    )


def lora(base: Base, settings: InstructionModelSettings) -> LoraConfig:
    """On every linear layer but the head (Hu et al. 2021; "all linear" as in QLoRA)."""
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=linear_layers(base.model),
    )


def linear_layers(model: Any) -> list[str]:
    """Last parts of the names of all linear layers within the model's layers.

    peft's "all-linear" also takes layers by the names of those in the head (BertGeneration calls
    them alike), which trl's loss does not read.
    """
    head = model.get_output_embeddings()
    names = {
        name.rpartition(".")[2]
        for name, part in model.named_modules()
        if isinstance(part, torch.nn.Linear) and part is not head
    }
    return sorted(names)


def adapter_size(base: Base, settings: InstructionModelSettings) -> int:
    """How many parameters the adapter trains."""
    names = set(linear_layers(base.model))
    sides = [
        part.in_features + part.out_features
        for name, part in base.model.named_modules()
        if isinstance(part, torch.nn.Linear) and name.rpartition(".")[2] in names
    ]
    return settings.lora_rank * sum(sides)


def steps_of(settings: InstructionModelSettings, examples: int) -> int:
    """Optimiser steps of a training with so many examples."""
    a_step = settings.batch_size * settings.accumulation_steps
    return max(1, min(settings.max_steps, int(-(-examples * settings.epochs // a_step))))


def arguments(
    settings: InstructionModelSettings, examples: int, seed: int, run: Run, validates: bool
) -> SFTConfig:
    """trl's options, precision and checkpointing by the device: its defaults are for GPUs.

    The batch of the settings is that of all processes together.
    """
    gpu = torch.cuda.is_available()
    bf16 = gpu and torch.cuda.is_bf16_supported()
    steps = steps_of(settings, examples)
    every = max(1, -(-steps // settings.evaluations))
    share = batch_share(settings.batch_size, BATCH_SETTING)
    return SFTConfig(
        output_dir=str(run.checkpoints),
        max_steps=steps,
        per_device_train_batch_size=share,
        per_device_eval_batch_size=share,
        gradient_accumulation_steps=settings.accumulation_steps,
        learning_rate=settings.learning_rate,
        weight_decay=weight_decay(settings),
        warmup_steps=0.1,
        lr_scheduler_type="linear",
        # What is too long was dealt with before, by a rule that counts.
        max_length=settings.max_length_tokens if settings.packing else None,
        packing=settings.packing,
        completion_only_loss=True,
        train_sampling_strategy="random" if settings.packing else "group_by_length",
        gradient_checkpointing=settings.gradient_checkpointing,
        # As of entity models: else accelerate looks for a GPU for each process.
        use_cpu=processes() > 1 and not gpu,
        ddp_find_unused_parameters=False if processes() > 1 else None,
        bf16=bf16,
        fp16=gpu and not bf16,
        eval_strategy="steps" if validates else "no",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        logging_steps=max(1, every // 4),
        save_total_limit=1,
        load_best_model_at_end=validates,
        metric_for_best_model="eval_loss" if validates else None,
        greater_is_better=False if validates else None,
        restore_callback_states_from_checkpoint=True,
        report_to=report_to(run.tracking) or "none",
        seed=seed,
        disable_tqdm=run.on_progress is not None or not sys.stderr.isatty(),
        dataloader_pin_memory=gpu,
        dataset_num_proc=None,
    )


def weight_decay(settings: InstructionModelSettings) -> float:
    """As the desk says, else what was measured on the offline decoder and usual on other models."""
    if settings.weight_decay is not None:
        return settings.weight_decay
    return 1.0 if settings.base == OFFLINE else 0.0


def require_flash_attention(base: Base) -> None:
    """Packed chats read each other unless attention is told where each of them ends."""
    used = getattr(base.model.config, "_attn_implementation", "") or ""
    if "flash" not in used:
        raise DeskError(
            f"models.instructions.packing needs flash attention, and {base.name!r} runs with "
            f"{used or 'plain'} attention here: chats that share a row would read each other.",
            "Leave packing out, or install flash-attn on a machine with a GPU.",
        )
