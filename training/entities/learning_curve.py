"""What is measured while an entity model trains: losses and span F1 after each epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from transformers import TrainerCallback

from training.entities.encode import IGNORED, Encoded
from training.entities.predict import EntityModel, log_probabilities, spans_of
from training.evaluation import micro_f1
from training.examples import EntityExample
from training.results import CurvePoint, Progress

# Prediction costs a third of a step, so the curve scores a part of a large validation split.
SCORED_EXAMPLES = 300
LOSS_NAME = "cross-entropy a token"
SCORE_NAME = "exact-span F1 on validation"
SCORE_KEY = "eval_span_f1"


@dataclass(frozen=True, slots=True)
class Validation:
    """Examples that score the epochs, and their windows with tags."""

    examples: Sequence[EntityExample]
    encoded: Encoded


def validate(model: EntityModel, validation: Validation) -> dict[str, float]:
    """Loss and F1 of the spans as they would be predicted, in one pass."""
    was_training = model.model.training
    model.model.eval()
    rows = log_probabilities(model, validation.encoded.windows)
    model.model.train(was_training)
    texts = [example.text for example in validation.examples]
    found = spans_of(texts, validation.encoded.windows, rows, model.tags)
    losses = [
        -row[position, label]
        for window, row in zip(validation.encoded.windows, rows, strict=True)
        for position, label in enumerate(window.labels)
        if label != IGNORED
    ]
    return {
        "eval_loss": float(np.mean(losses)) if losses else 0.0,
        SCORE_KEY: micro_f1(
            [example.spans for example in validation.examples],
            [[span.span() for span in spans] for spans in found],
        ),
    }


def points(
    log_history: Sequence[Mapping[str, Any]], score_key: str = SCORE_KEY
) -> tuple[CurvePoint, ...]:
    """The curve from Trainer's own log, which checkpoints keep; ``score_key`` names its score."""
    lines: dict[str, dict[int, float]] = {"loss": {}, "eval_loss": {}, score_key: {}}
    for entry in log_history:
        for name, values in lines.items():
            if name in entry:
                values[entry["step"]] = float(entry[name])
    steps = sorted({step for values in lines.values() for step in values})
    return tuple(CurvePoint(s, *(values.get(s) for values in lines.values())) for s in steps)


class ReportSteps(TrainerCallback):
    """Tells the caller of every step."""

    def __init__(self, on_progress: Progress) -> None:
        self.on_progress = on_progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Report (step, steps in total)."""
        self.on_progress(state.global_step, state.max_steps)
