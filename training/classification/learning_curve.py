"""What is measured while a topic model trains: the loss by step, validation now and then."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from setfit import SetFitModel
from sklearn.linear_model import LogisticRegression
from transformers import TrainerCallback

from training.examples import TopicExample
from training.results import CurvePoint, Progress

# Validation points cost encoding (0.02 CPU s an article each time), so a sample has to do.
SCORES = 3
TRAIN_SAMPLE, VALIDATION_SAMPLE = 128, 64
LOSS_NAME = "contrastive loss"
SCORE_NAME = (
    f"validation accuracy (≤ {VALIDATION_SAMPLE} articles, head on ≤ {TRAIN_SAMPLE} examples)"
)


class LearningCurve(TrainerCallback):
    """Collects the loss SetFit logs; fits a head on a sample to measure validation accuracy.

    A score says how well the encoder of that step separates the topics. The published head is
    fitted on all examples, so the last score is a lower estimate of it.
    """

    def __init__(
        self,
        model: SetFitModel,
        train: Sequence[TopicExample],
        validation: Sequence[TopicExample],
        on_progress: Progress | None,
    ) -> None:
        self.body = model.model_body
        self.train = _sample(train, TRAIN_SAMPLE)
        self.validation = _sample(validation, VALIDATION_SAMPLE)
        self.on_progress = on_progress
        self.losses: dict[int, float] = {}
        self.scores: dict[int, float] = {}

    def points(self) -> tuple[CurvePoint, ...]:
        """What was collected, by step."""
        steps = sorted({*self.losses, *self.scores})
        return tuple(
            CurvePoint(s, train_loss=self.losses.get(s), validation_score=self.scores.get(s))
            for s in steps
        )

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The score before any step: what the encoder knows already."""
        self._score(0)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Report progress, and score at each third of the way."""
        step, total = state.global_step, state.max_steps
        if self.on_progress is not None:
            self.on_progress(step, total)
        if step in {round(total * part / SCORES) for part in range(1, SCORES + 1)}:
            self._score(step)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """SetFit logs ``embedding_loss``; its summary at the end has no loss of one step."""
        loss = (logs or {}).get("embedding_loss", (logs or {}).get("loss"))
        if loss is not None:
            self.losses[state.global_step] = float(loss)

    def _score(self, step: int) -> None:
        gold = [example.topics[0] for example in self.train]
        if not self.validation or len(set(gold)) < 2:
            return
        head = LogisticRegression(max_iter=1000).fit(self._encode(self.train), gold)
        found = head.predict(self._encode(self.validation))
        self.scores[step] = float(np.mean(found == [e.topics[0] for e in self.validation]))
        self.body.train()

    def _encode(self, examples: Sequence[TopicExample]) -> np.ndarray:
        texts = [example.text for example in examples]
        with torch.no_grad():
            vectors: np.ndarray = self.body.encode(texts, show_progress_bar=False)
        return vectors


def _sample(examples: Sequence[TopicExample], size: int) -> list[TopicExample]:
    # Always the same choice: two trainings with other seeds are compared on the same texts.
    return random.Random(0).sample(list(examples), min(size, len(examples)))
