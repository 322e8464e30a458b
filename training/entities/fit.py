"""Fine-tuning by transformers' Trainer: best epoch kept, resumable, one or several processes."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from transformers import (
    DataCollatorForTokenClassification,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
)
from transformers.trainer_callback import PrinterCallback

from corpus.errors import DeskError
from corpus.settings.models import EntityModelSettings
from corpus.tracking import Tracking
from training.checkpoints import last_checkpoint
from training.entities.encode import Encoded
from training.entities.learning_curve import (
    SCORE_KEY,
    ReportSteps,
    Validation,
    points,
    validate,
)
from training.entities.predict import EntityModel
from training.entities.rates import groups_by_layer
from training.results import CurvePoint, Progress
from training.tracking import report_to


@dataclass(frozen=True, slots=True)
class Run:
    """How one training runs: none of it changes the model that comes out."""

    checkpoints: Path
    key: str
    on_progress: Progress | None
    tracking: Tracking


class SpanTrainer(Trainer):
    """A Trainer whose evaluation is ours: whole texts, joined windows, exact spans."""

    def __init__(
        self, entity_model: EntityModel, validation: Validation, layer_decay: float, **options: Any
    ) -> None:
        super().__init__(model=entity_model.model, **options)
        self.entity_model = entity_model
        self.validation = validation
        self.layer_decay = layer_decay

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Trainer's own, with rates by layer."""
        if self.optimizer is None:
            trained: Any = self.model if model is None else model
            kind, options = self.get_optimizer_cls_and_kwargs(self.args, trained)
            rates = groups_by_layer(trained, self.args.learning_rate, self.layer_decay)
            self.optimizer = kind(rates, **options)
        return self.optimizer

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Every process comes to the same figures, so that all agree on the best epoch."""
        metrics = validate(self.entity_model, self.validation)
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


def fit(
    model: EntityModel,
    examples: Encoded,
    validation: Validation,
    settings: EntityModelSettings,
    seed: int,
    run: Run,
) -> tuple[CurvePoint, ...]:
    """Train the model in place; it ends as its best epoch, or the last without validation."""
    resumed = last_checkpoint(run.checkpoints, run.key)
    trainer = SpanTrainer(
        model,
        validation,
        settings.layer_decay,
        args=arguments(settings, seed, run, validates=bool(validation.examples)),
        train_dataset=_rows(examples),
        eval_dataset=_rows(validation.encoded) or None,
        data_collator=DataCollatorForTokenClassification(model.tokenizer),
    )
    # It prints every log entry to the terminal.
    trainer.remove_callback(PrinterCallback)
    if run.on_progress is not None:
        trainer.add_callback(ReportSteps(run.on_progress))
    if validation.examples and settings.early_stopping_epochs:
        trainer.add_callback(EarlyStoppingCallback(settings.early_stopping_epochs))
    trainer.train(resume_from_checkpoint=None if resumed is None else str(resumed))
    # A process that saves must not find another still reading the checkpoints.
    trainer.accelerator.wait_for_everyone()
    return points(trainer.state.log_history)


def arguments(
    settings: EntityModelSettings, seed: int, run: Run, validates: bool
) -> TrainingArguments:
    """Trainer's options; the batch of the settings is that of all processes together."""
    gpu = torch.cuda.is_available()
    bf16 = gpu and torch.cuda.is_bf16_supported()
    return TrainingArguments(
        output_dir=str(run.checkpoints),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=batch_share(settings.batch_size, "models.entities.batch_size"),
        gradient_accumulation_steps=settings.accumulation_steps,
        learning_rate=settings.learning_rate,
        warmup_steps=0.1,
        lr_scheduler_type="linear",
        # Texts of like length share a batch, so that it holds little padding.
        train_sampling_strategy="group_by_length",
        eval_strategy="epoch" if validates else "no",
        logging_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=validates,
        metric_for_best_model=SCORE_KEY if validates else None,
        greater_is_better=True if validates else None,
        restore_callback_states_from_checkpoint=True,
        # Several processes without GPU: else accelerate looks for one for each of them.
        use_cpu=processes() > 1 and not gpu,
        bf16=bf16,
        fp16=gpu and not bf16,
        report_to=report_to(run.tracking) or "none",
        seed=seed,
        # A bar for people; flows have log lines instead.
        disable_tqdm=run.on_progress is not None or not sys.stderr.isatty(),
        dataloader_pin_memory=gpu,
        ddp_find_unused_parameters=False if processes() > 1 else None,
    )


def processes() -> int:
    """How many processes train together; accelerate launch says it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def batch_share(batch: int, setting: str) -> int:
    """What one process trains of a batch of all of them; DeskError where it cannot be shared out.

    Rounded, it would be another batch, and another model.
    """
    count = processes()
    if batch % count:
        less, more = batch // count * count, -(-batch // count) * count
        fitting = " or ".join(str(size) for size in (less, more) if size)
        raise DeskError(
            f"{setting} is {batch}, and {count} processes cannot share it equally.",
            f"Set {setting}={fitting}, or start a number of processes that divides {batch}.",
        )
    return batch // count


def together() -> PartialState:
    """All of them, or this one alone."""
    # Else accelerate looks for a GPU for each process of a machine that has none.
    return PartialState(cpu=processes() > 1 and not torch.cuda.is_available())


def is_main_process() -> bool:
    """Whether this process is the one that saves."""
    return os.environ.get("RANK", "0") == "0"


def _rows(encoded: Encoded) -> Any:
    # transformers takes any sequence of rows; its annotation knows only its own data sets.
    return [{"input_ids": w.input_ids, "labels": w.labels} for w in encoded.windows]
