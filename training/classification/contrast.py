"""The contrastive phase of SetFit (Tunstall et al. 2022, arXiv:2209.11055) by SetFit's trainer.

Two things differ from its defaults: a batch holds texts, of which every pair counts, instead of
pairs; and the lower half of the encoder is frozen and computed once a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from setfit import Trainer, TrainingArguments
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from corpus.settings.models import TopicModelSettings
from corpus.tracking import Tracking
from training.classification.batches import TopicsInTurn
from training.classification.body import Body, transformer
from training.classification.checkpoints import latest
from training.classification.data import TopicData, parts
from training.classification.loss import AllPairsLoss
from training.classification.lower_layers import remembered
from training.tracking import report_to

# More gained nothing that stands out of the noise, and cost CPU (decision 15).
MOST_STEPS = 25
FEWEST_STEPS = 10
PASSES = 10
SAVES = 4
# Of a trial: a fifth of the steps, and at least so many.
TRIAL_STEPS = 5
# About twice as many as the steps can show; more texts teach the head only.
MOST_CONTRASTED = 1500


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast: optimiser steps, texts in a step, the highest learning rate."""

    steps: int
    batch_size: int
    learning_rate: float


def schedule(settings: TopicModelSettings, texts: int) -> Schedule:
    """By the desk, or by the amount: every text some ten times, within 10 to 25 steps."""
    if settings.pairs_per_example is not None:
        steps = max(1, round(settings.pairs_per_example * texts / settings.batch_size))
    else:
        steps = max(FEWEST_STEPS, round(PASSES * texts / settings.batch_size))
    most = settings.max_steps if settings.max_steps > 0 else MOST_STEPS
    return Schedule(min(steps, most), settings.batch_size, settings.learning_rate)


def trial_schedule(plan: Schedule) -> Schedule:
    """What a trial of this plan gets: a fifth of its steps, and at least five."""
    return replace(plan, steps=min(plan.steps, max(TRIAL_STEPS, plan.steps // 5)))


def contrast(
    body: Body,
    data: TopicData,
    plan: Schedule,
    seed: int,
    folder: Path,
    callbacks: Sequence[TrainerCallback] = (),
    keep: bool = False,
    tracking: Tracking = "none",
) -> None:
    """Train the encoder in place, after ``Body.embed`` saw the texts.

    ``folder`` takes checkpoints; a training that was killed goes on from the last one there to the
    same result. ``keep``: write such checkpoints at all.
    """
    if len(data) > MOST_CONTRASTED:
        data = data.at(parts(data, -(-len(data) // MOST_CONTRASTED), seed)[0])
    arguments = _arguments(folder, plan, seed, keep, tracking)
    # SetFit's default metric would be fetched from a hub.
    trainer = Trainer(body.model, arguments, metric=_accuracy, callbacks=list(callbacks))
    # They print dictionaries to the terminal; the curve and on_progress say the same to people.
    for printer in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(printer)
    labels = data.gold.tolist() if data.several else data.groups().tolist()
    inner = trainer.st_trainer
    inner.train_dataset = Dataset.from_dict({"sentence": list(data.texts), "label": labels})
    inner.loss = AllPairsLoss(body.model.model_body)
    inner.args.dataloader_pin_memory = torch.cuda.is_available()
    inner.args.batch_sampler = partial(_batches, groups=data.groups().tolist(), steps=plan.steps)
    with remembered(transformer(body.model), body.frozen_layers, body.states):
        inner.train(resume_from_checkpoint=latest(folder))


def _batches(
    dataset: Any, batch_size: int, groups: Sequence[int], steps: int, seed: int, **_: Any
) -> TopicsInTurn:
    return TopicsInTurn(dataset, batch_size, groups, steps, seed)


def _arguments(
    folder: Path, plan: Schedule, seed: int, keep: bool, tracking: Tracking
) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder),
        batch_size=plan.batch_size,
        num_epochs=1,
        max_steps=plan.steps,
        body_learning_rate=plan.learning_rate,
        seed=seed,
        logging_steps=max(1, plan.steps // 20),
        report_to=report_to(tracking) or "none",
        save_strategy="steps" if keep else "no",
        save_steps=max(1, plan.steps // SAVES),
        save_total_limit=1,
        eval_strategy="no",
        show_progress_bar=False,
    )


def _accuracy(predicted: Any, gold: Any) -> dict[str, float]:
    return {"accuracy": float((predicted == gold).mean())}
