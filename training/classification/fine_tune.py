"""The third rung: a classifier whose upper layers are trained on the topics themselves.

By transformers' Trainer, so that gradient accumulation, mixed precision, several GPUs (``accelerate
launch``), early stopping and checkpoints are what people know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_callback import PrinterCallback
from transformers.utils import logging as transformers_logging

from corpus.settings.models import FineTuneSettings, TopicModelSettings
from corpus.tracking import Tracking
from training.classification.body import longest
from training.classification.checkpoints import latest, together
from training.classification.data import TopicData
from training.classification.heads import fit_head
from training.classification.learning_curve import Steps, to_points
from training.classification.lower_layers import HiddenStates, freeze_lower_layers, remembered
from training.classification.models import FineTunedTopics, batches, by_length, last_layer, restored
from training.classification.scores import example_scores
from training.encoder import encoder_path
from training.results import CurvePoint, Progress
from training.tracking import report_to

LOSS_NAME = "cross-entropy"
SCORE_NAME = "accuracy on held-out articles"
# Evaluations without a better one, after which training stops.
PATIENCE = 2
EVALUATIONS_AN_EPOCH = 2


@dataclass(frozen=True, slots=True)
class FineTuned:
    """The best checkpoint, the curve that led there, and the steps that were taken."""

    model: FineTunedTopics
    points: tuple[CurvePoint, ...]
    steps: int


def fine_tune(
    encoder: str,
    train: TopicData,
    held: TopicData,
    settings: TopicModelSettings,
    seed: int,
    folder: Path,
    states: HiddenStates,
    on_progress: Progress | None = None,
    keep: bool = False,
    tracking: Tracking = "none",
) -> FineTuned:
    """Train on ``train``; ``held`` says when to stop and which checkpoint was the best.

    Without held texts every epoch is trained and the last state counts. ``folder`` takes
    checkpoints, from the last of which a training that was killed goes on (``keep``).
    """
    set_seed(seed)
    untrained = _new_classifier(encoder, train, settings)
    base = untrained.model.base_model
    frozen = freeze_lower_layers(base, settings.fine_tune.frozen_layers)
    with remembered(base, frozen, states):
        _start_head(untrained, train)
        reports = report_to(tracking)
        trainer = _trainer(
            untrained, train, held, settings, seed, folder, on_progress, keep, reports
        )
        trainer.train(resume_from_checkpoint=latest(folder))
    return FineTuned(untrained, _points(trainer.state.log_history), trainer.state.global_step)


def precision(settings: FineTuneSettings) -> dict[str, Any]:
    """Trainer's bf16 and fp16: the desk's, or what the device is fast at; a CPU stays at fp32."""
    wanted = settings.precision
    if wanted == "auto":
        wanted = "fp32"
        if torch.cuda.is_available():
            wanted = "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    return {"bf16": wanted == "bf16", "fp16": wanted == "fp16"}


def _new_classifier(
    encoder: str, train: TopicData, settings: TopicModelSettings
) -> FineTunedTopics:
    path = encoder_path(encoder)
    tokenizer = AutoTokenizer.from_pretrained(path)
    config = AutoConfig.from_pretrained(
        path,
        num_labels=len(train.names),
        id2label=dict(enumerate(train.names)),
        label2id={name: i for i, name in enumerate(train.names)},
        problem_type=(
            "multi_label_classification" if train.several else "single_label_classification"
        ),
    )
    before = transformers_logging.get_verbosity()
    # That the head is new is what this is about.
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        model = AutoModelForSequenceClassification.from_pretrained(path, config=config)
    finally:
        transformers_logging.set_verbosity(before)
    model = model.float().to("cuda" if torch.cuda.is_available() else "cpu")
    tokens = longest(model.base_model, settings.max_length_tokens)
    return FineTunedTopics(model, tokenizer, train.names, tokens, train.several)


def _start_head(untrained: FineTunedTopics, train: TopicData) -> None:
    """Give the last layer the weights of a logistic regression on what it gets so far.

    A random last layer would first send random gradients into the encoder.
    """
    last = last_layer(untrained.model)
    head = fit_head(_inputs_of(last, untrained, train.texts), train, 1.0)
    linears = getattr(head, "estimators_", [head])
    if not all(hasattr(linear, "coef_") for linear in linears):
        return
    weight = np.concatenate([linear.coef_ for linear in linears])
    bias = np.concatenate([linear.intercept_ for linear in linears])
    if not train.several and len(weight) == 1:
        # Of two topics scikit-learn keeps the difference.
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    with torch.no_grad():
        last.weight.copy_(torch.as_tensor(weight))
        last.bias.copy_(torch.as_tensor(bias))


def _inputs_of(layer: Any, model: FineTunedTopics, texts: Sequence[str]) -> np.ndarray:
    """Texts × width: what reaches this layer, pooled and without dropout."""
    caught: list[np.ndarray] = []
    hook = layer.register_forward_pre_hook(lambda _, args: caught.append(_numbers(args[0])))
    order = by_length(texts)
    for batch in batches(order):
        model.logits([texts[i] for i in batch])
    hook.remove()
    return restored(np.concatenate(caught), order)


def _numbers(tensor: torch.Tensor) -> np.ndarray:
    found: np.ndarray = tensor.float().cpu().numpy()
    return found


def _trainer(
    untrained: FineTunedTopics,
    train: TopicData,
    held: TopicData,
    settings: TopicModelSettings,
    seed: int,
    folder: Path,
    on_progress: Progress | None,
    keep: bool,
    reports: list[str],
) -> Trainer:
    own = settings.fine_tune
    processes = together().num_processes
    batch = max(1, own.batch_size // processes)
    steps = -(-len(train) // (batch * processes * own.accumulation_steps))
    every = max(1, steps // EVALUATIONS_AN_EPOCH)
    stops = len(held) > 0
    arguments = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=batch,
        per_device_eval_batch_size=2 * batch,
        gradient_accumulation_steps=own.accumulation_steps,
        num_train_epochs=own.epochs,
        learning_rate=own.learning_rate,
        warmup_steps=0.1,
        weight_decay=0.01,
        train_sampling_strategy="group_by_length",
        eval_strategy="steps" if stops else "no",
        eval_steps=every,
        save_strategy="steps" if stops or keep else "no",
        save_steps=every,
        save_total_limit=1,
        load_best_model_at_end=stops,
        metric_for_best_model="eval_loss" if stops else None,
        logging_steps=max(1, steps // 10),
        report_to=reports or "none",
        disable_tqdm=True,
        # The patience that was used up before a kill stays used up.
        restore_callback_states_from_checkpoint=True,
        seed=seed,
        use_cpu=processes > 1 and not torch.cuda.is_available(),
        ddp_find_unused_parameters=False if processes > 1 else None,
        dataloader_pin_memory=torch.cuda.is_available(),
        **precision(own),
    )
    trainer = Trainer(
        model=untrained.model,
        args=arguments,
        train_dataset=_dataset(untrained, train),
        eval_dataset=_dataset(untrained, held) if stops else None,
        data_collator=DataCollatorWithPadding(untrained.tokenizer),
        compute_metrics=lambda output: _metrics(output, train),
        callbacks=[Steps(on_progress), *([EarlyStoppingCallback(PATIENCE)] if stops else [])],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _dataset(model: FineTunedTopics, data: TopicData) -> Dataset:
    found = model.tokenizer(list(data.texts), truncation=True, max_length=model.max_length_tokens)
    gold = data.gold.astype(np.float32) if data.several else data.gold.argmax(axis=1)
    return Dataset.from_dict({**found, "labels": gold.tolist()})


def _metrics(output: Any, data: TopicData) -> dict[str, float]:
    # By the labels that come with the logits: the sampler reorders what is evaluated, too.
    gold = output.label_ids
    if not data.several:
        gold = np.eye(len(data.names), dtype=int)[gold]
    scored = TopicData(("",) * len(gold), gold.astype(int), data.names, data.several)
    return {"score": float(example_scores(output.predictions, scored).mean())}


def _points(logs: Sequence[dict[str, Any]]) -> tuple[CurvePoint, ...]:
    losses, validation, scores = (
        {log["step"]: float(log[name]) for log in logs if name in log}
        for name in ("loss", "eval_loss", "eval_score")
    )
    return to_points(losses, validation, scores)
