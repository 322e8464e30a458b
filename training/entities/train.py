"""Entity models: an encoder with a token classification head, fine-tuned by transformers."""

import logging
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from corpus.articles import ReviewedArticle
from corpus.desk import EntityModelSettings
from corpus.errors import DeskError
from training.curves import diagnose, draw_curve
from training.encoder import encoder_path
from training.entities.encode import encode
from training.entities.predict import EntityModel, predict_entities
from training.entities.schemes import tag_names
from training.evaluation import micro_f1
from training.results import CurvePoint, Progress, TrainedModel

log = logging.getLogger(__name__)

CURVE_ARTICLES = 100


def train_entities(
    reviewed: Sequence[ReviewedArticle],
    entity_types: Sequence[str],
    settings: EntityModelSettings,
    encoder: str,
    seed: int,
    output_dir: Path,
    on_progress: Progress | None = None,
) -> TrainedModel:
    """Fine-tune on the articles of split train; ``pipeline("token-classification")`` loads it.

    Raises DeskError where no training article has a span.
    """
    started = time.monotonic()
    train = [r for r in reviewed if r.split == "train" and r.spans is not None]
    validation = [r for r in reviewed if r.split == "validation" and r.spans is not None]
    if not any(r.spans for r in train):
        raise DeskError(
            f"Training needs articles with spans; {len(train)} in the train split have none.",
            "Review more articles in Argilla, then run copydesk pull and copydesk train.",
        )
    set_seed(seed)
    names = tag_names(entity_types)
    path = encoder_path(encoder)
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForTokenClassification.from_pretrained(
        path, id2label=dict(enumerate(names)), label2id={n: i for i, n in enumerate(names)}
    )
    # Word vectors seen in few articles would drift apart from their neighbours.
    model.get_input_embeddings().requires_grad_(False)
    curve = _Curve(EntityModel(model, tokenizer, tuple(entity_types)), validation, on_progress)
    repairs = _fit(model, tokenizer, train, validation, entity_types, settings, seed, curve)
    if repairs:
        log.info("spans repaired for training: %s", repairs)
    model.save_pretrained(output_dir)
    tokenizer.save_pretrained(output_dir)
    points = curve.points()
    png = output_dir / "learning_curve.png"
    draw_curve(points, "Entity model", "cross-entropy a token", "span F1 on validation", png)
    return TrainedModel(
        folder=output_dir,
        kind="entities",
        curve=points,
        curve_png=png,
        diagnosis=diagnose(points, len(train)),
        examples=len(train),
        seconds=time.monotonic() - started,
        seed=seed,
        settings=settings.model_dump() | {"spans_repaired": sum(repairs.values())},
    )


def _fit(
    model: Any,
    tokenizer: Any,
    train: Sequence[ReviewedArticle],
    validation: Sequence[ReviewedArticle],
    entity_types: Sequence[str],
    settings: EntityModelSettings,
    seed: int,
    curve: "_Curve",
) -> dict[str, int]:
    def rows(part: Sequence[ReviewedArticle]) -> tuple[list[dict[str, Any]], dict[str, int]]:
        encoded = encode(
            tokenizer,
            [r.article.text for r in part],
            [r.spans or () for r in part],
            entity_types,
            settings.max_length_tokens,
            settings.stride_tokens,
        )
        items = [{"input_ids": w.input_ids, "labels": w.labels} for w in encoded.windows]
        return items, dict(encoded.repairs)

    examples, repairs = rows(train)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=settings.epochs,
            per_device_train_batch_size=settings.batch_size,
            per_device_eval_batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            warmup_steps=0.1,
            lr_scheduler_type="linear",
            # Of equal length, so that a batch holds little padding.
            train_sampling_strategy="group_by_length",
            eval_strategy="epoch" if validation else "no",
            logging_strategy="epoch",
            save_strategy="no",
            report_to="none",
            seed=seed,
            disable_tqdm=True,
            dataloader_pin_memory=torch.cuda.is_available(),
        )
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=examples,
            eval_dataset=rows(validation)[0] if validation else None,
            data_collator=DataCollatorForTokenClassification(tokenizer),
            callbacks=[curve],
        )
        # Its own callback prints dictionaries to the terminal.
        trainer.remove_callback(_printer(trainer))
        trainer.train()
    return repairs


def _printer(trainer: Any) -> Any:
    from transformers.trainer_callback import PrinterCallback

    return next(
        (c for c in trainer.callback_handler.callbacks if isinstance(c, PrinterCallback)),
        PrinterCallback,
    )


class _Curve(TrainerCallback):
    """Collects losses by epoch and measures span F1 on validation after each."""

    def __init__(
        self,
        model: EntityModel,
        validation: Sequence[ReviewedArticle],
        on_progress: Progress | None,
    ) -> None:
        self.model = model
        self.validation = list(validation)[:CURVE_ARTICLES]
        self.on_progress = on_progress
        self.train: dict[int, float] = {}
        self.losses: dict[int, float] = {}
        self.scores: dict[int, float] = {}

    def points(self) -> tuple[CurvePoint, ...]:
        """What was collected, by step."""
        steps = sorted({*self.train, *self.losses, *self.scores})
        return tuple(
            CurvePoint(s, self.train.get(s), self.losses.get(s), self.scores.get(s)) for s in steps
        )

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.on_progress is not None:
            self.on_progress(state.global_step, state.max_steps)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if "loss" in (logs or {}):
            self.train[state.global_step] = float(logs["loss"])

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any
    ) -> None:
        self.losses[state.global_step] = float(metrics["eval_loss"])
        self.model.model.eval()
        found = predict_entities(self.model, [r.article.text for r in self.validation])
        gold = [r.spans or () for r in self.validation]
        self.scores[state.global_step] = micro_f1(
            gold, [[s.span() for s in part] for part in found]
        )
        self.model.model.train()
