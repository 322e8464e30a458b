"""Topic models: SetFit (Tunstall et al. 2022, arXiv:2209.11055) with its own trainer."""

import random
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments
from sklearn.linear_model import LogisticRegression
from transformers import TrainerCallback, set_seed

from corpus.articles import ReviewedArticle, model_input
from corpus.desk import TopicModelSettings
from corpus.errors import DeskError
from training.curves import diagnose, draw_curve
from training.encoder import encoder_path
from training.results import CurvePoint, Progress, TrainedModel

# Pairs a step hardly differ from round to round, so more steps than this buy little.
MOST_STEPS = 80
PAIRS_GOAL = 640
# The curve's validation points cost encoding; a sample says as much.
CURVE_POINTS = 3
CURVE_TRAIN, CURVE_VALIDATION = 128, 64


def train_topics(
    reviewed: Sequence[ReviewedArticle],
    topics: Sequence[str],
    settings: TopicModelSettings,
    encoder: str,
    seed: int,
    output_dir: Path,
    on_progress: Progress | None = None,
) -> TrainedModel:
    """Train on the articles of split train; ``SetFitModel.from_pretrained(output_dir)`` loads it.

    Predictions are topic names. Raises DeskError with fewer than two topics to learn from.
    """
    started = time.monotonic()
    examples = choose_examples(reviewed, topics, settings.per_class, seed)
    validation = [r for r in reviewed if r.split == "validation" and r.topic is not None]
    _require_two_topics(examples, topics)
    set_seed(seed)
    model = _new_model(encoder, topics, settings)
    curve = _Curve(model, examples, validation, on_progress)
    _fit(model, examples, settings, seed, curve)
    model.save_pretrained(str(output_dir))
    points = curve.points()
    png = output_dir / "learning_curve.png"
    draw_curve(points, "Topic model", "contrastive loss", "accuracy on validation", png)
    return TrainedModel(
        folder=output_dir,
        kind="topics",
        curve=points,
        curve_png=png,
        diagnosis=diagnose(points, len(examples)),
        examples=len(examples),
        seconds=time.monotonic() - started,
        seed=seed,
        settings=_effective(settings, len(examples)),
    )


def choose_examples(
    reviewed: Sequence[ReviewedArticle], topics: Sequence[str], per_class: int | None, seed: int
) -> list[ReviewedArticle]:
    """The training articles, at most ``per_class`` of each topic; the choice depends on the seed
    and the ids, not on the order.
    """
    known = set(topics)
    train = [r for r in reviewed if r.split == "train" and r.topic in known]
    train.sort(key=lambda r: r.article.id)
    if per_class is None:
        return train
    by_topic: dict[str, list[ReviewedArticle]] = defaultdict(list)
    for example in random.Random(seed).sample(train, len(train)):
        by_topic[example.topic or ""].append(example)
    return [example for topic in topics for example in by_topic[topic][:per_class]]


def pairs_per_example(settings: TopicModelSettings, examples: int) -> int:
    """SetFit's num_iterations: the desk's, or as many as give about 640 pairs of each kind."""
    return settings.pairs_per_example or max(1, min(10, round(PAIRS_GOAL / examples)))


def step_count(settings: TopicModelSettings, examples: int) -> int:
    """Optimiser steps of the contrastive phase."""
    pairs = 2 * pairs_per_example(settings, examples) * examples
    steps = -(-pairs // settings.batch_size)
    return min(steps, settings.max_steps if settings.max_steps > 0 else MOST_STEPS)


def _effective(settings: TopicModelSettings, examples: int) -> dict[str, Any]:
    found = settings.model_dump()
    found["pairs_per_example"] = pairs_per_example(settings, examples)
    found["max_steps"] = step_count(settings, examples)
    found["per_class"] = settings.per_class or "all"
    return found


def _require_two_topics(examples: Sequence[ReviewedArticle], topics: Sequence[str]) -> None:
    counts = Counter(example.topic for example in examples)
    if len(counts) < 2:
        found = ", ".join(f"{topic}: {counts[topic]}" for topic in topics)
        raise DeskError(
            f"Training needs articles of at least two topics in the train split ({found}).",
            "Review more articles in Argilla, then run copydesk pull and copydesk train.",
        )


def _new_model(encoder: str, topics: Sequence[str], settings: TopicModelSettings) -> SetFitModel:
    model = SetFitModel.from_pretrained(
        encoder_path(encoder),
        labels=list(topics),
        device="cuda" if torch.cuda.is_available() else "cpu",
    )
    model.model_body.max_seq_length = settings.max_length_tokens
    _freeze_lower_layers(model, settings.frozen_layers)
    return model


def _freeze_lower_layers(model: SetFitModel, layers: int) -> None:
    """Keep the embeddings and the lower layers as they are: cheaper, and no worse (measured)."""
    if layers == 0:
        return
    transformer = model.model_body[0].auto_model
    frozen = [transformer.get_input_embeddings()]
    stacks = [m for m in transformer.modules() if isinstance(m, torch.nn.ModuleList)]
    frozen += list(stacks[0])[:layers] if stacks else []
    for module in frozen:
        module.requires_grad_(False)


def _fit(
    model: SetFitModel,
    examples: Sequence[ReviewedArticle],
    settings: TopicModelSettings,
    seed: int,
    curve: "_Curve",
) -> None:
    names = list(model.labels)
    data = Dataset.from_dict(
        {
            "text": [model_input(example.article) for example in examples],
            "label": [names.index(example.topic or "") for example in examples],
        }
    )
    steps = step_count(settings, len(examples))
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            batch_size=settings.batch_size,
            num_iterations=pairs_per_example(settings, len(examples)),
            num_epochs=1,
            max_steps=steps,
            body_learning_rate=settings.learning_rate,
            seed=seed,
            logging_steps=max(1, steps // 20),
            report_to="none",
            save_strategy="no",
            eval_strategy="no",
            show_progress_bar=False,
        )
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=data,
            # SetFit's default would fetch a metric from a hub.
            metric=lambda predicted, gold: {"accuracy": float((predicted == gold).mean())},
            callbacks=[curve],
        )
        trainer.train()
        shutil.rmtree(folder, ignore_errors=True)


class _Curve(TrainerCallback):
    """Collects the losses SetFit logs, and measures validation accuracy a few times."""

    def __init__(
        self,
        model: SetFitModel,
        train: Sequence[ReviewedArticle],
        validation: Sequence[ReviewedArticle],
        on_progress: Progress | None,
    ) -> None:
        self.model = model
        self.train = random.Random(1).sample(list(train), min(CURVE_TRAIN, len(train)))
        self.validation = list(validation)[:CURVE_VALIDATION]
        self.on_progress = on_progress
        self.losses: dict[int, float] = {}
        self.scores: dict[int, float] = {}

    def points(self) -> tuple[CurvePoint, ...]:
        """What was collected, by step."""
        steps = sorted({*self.losses, *self.scores})
        return tuple(CurvePoint(s, self.losses.get(s), None, self.scores.get(s)) for s in steps)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._score(0)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.on_progress is not None:
            self.on_progress(state.global_step, state.max_steps)
        every = max(1, state.max_steps // CURVE_POINTS)
        if state.global_step % every == 0 or state.global_step == state.max_steps:
            self._score(state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        found = [value for key, value in (logs or {}).items() if key.endswith("loss")]
        if found and "train_runtime" not in (logs or {}):
            self.losses[state.global_step] = float(found[0])

    def _score(self, step: int) -> None:
        topics = {r.topic for r in self.train}
        if not self.validation or len(topics) < 2:
            return
        body = self.model.model_body
        with torch.no_grad():
            train = body.encode([model_input(r.article) for r in self.train])
            validation = body.encode([model_input(r.article) for r in self.validation])
        head = LogisticRegression(max_iter=1000).fit(train, [r.topic for r in self.train])
        self.scores[step] = float(head.score(validation, [r.topic for r in self.validation]))
        body.train()
