"""What is measured while an entity model trains: losses and span F1 after each epoch."""

from collections.abc import Sequence
from typing import Any

from transformers import TrainerCallback

from training.entities.predict import EntityModel, predict_entities
from training.evaluation import micro_f1
from training.examples import EntityExample
from training.results import CurvePoint, Progress

# Prediction costs as much as a step, so the curve scores a part of a large validation split.
SCORED_ARTICLES = 100
LOSS_NAME = "cross-entropy a token"
SCORE_NAME = f"exact-span F1 on validation (≤ {SCORED_ARTICLES} articles)"


class LearningCurve(TrainerCallback):
    """Collects losses by epoch and measures span F1 on validation after each."""

    def __init__(
        self,
        model: EntityModel,
        validation: Sequence[EntityExample],
        on_progress: Progress | None,
    ) -> None:
        self.model = model
        self.validation = list(validation)[:SCORED_ARTICLES]
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
        """Report progress."""
        if self.on_progress is not None:
            self.on_progress(state.global_step, state.max_steps)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """The mean training loss of the epoch."""
        if "loss" in (logs or {}):
            self.train[state.global_step] = float(logs["loss"])

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any
    ) -> None:
        """Validation loss, and F1 of the spans as they would be predicted."""
        self.losses[state.global_step] = float(metrics["eval_loss"])
        self.model.model.eval()
        found = predict_entities(self.model, [example.text for example in self.validation])
        gold = [example.spans for example in self.validation]
        self.scores[state.global_step] = micro_f1(
            gold, [[span.span() for span in spans] for spans in found]
        )
        self.model.model.train()
