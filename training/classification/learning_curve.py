"""What is measured while a topic model trains: the loss by step, validation now and then."""

from pathlib import Path
from typing import Any

import numpy as np
from transformers import TrainerCallback

from training.classification.body import Body
from training.classification.checkpoints import read, write
from training.classification.data import TopicData, parts
from training.classification.heads import fit_head, head_logits
from training.classification.scores import example_scores
from training.results import CurvePoint, Progress

# Validation points cost encoding (0.01 CPU s an article each time), so a sample has to do.
SCORES = 3
TRAIN_SAMPLE, VALIDATION_SAMPLE = 128, 64
LOSS_NAME = "contrastive loss"


class Steps(TrainerCallback):
    """Reports the steps to ``on_progress``."""

    def __init__(self, on_progress: Progress | None) -> None:
        self.on_progress = on_progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """(step, steps in total)."""
        if self.on_progress is not None:
            self.on_progress(state.global_step, state.max_steps)


class LearningCurve(Steps):
    """Collects the loss SetFit logs; fits a head on a sample to measure validation accuracy.

    A score says how well the encoder of that step separates the topics. The published head is
    fitted on all examples, so the last score is a lower estimate of it. Scores are kept in
    ``file`` beside the checkpoints, so that a training that was killed has all of them.

    ``vectors`` are the encoder's own of the training texts: nothing is encoded twice.
    """

    def __init__(
        self,
        body: Body,
        train: TopicData,
        vectors: np.ndarray,
        validation: TopicData,
        on_progress: Progress | None,
        file: Path,
    ) -> None:
        super().__init__(on_progress)
        self.body, self.file = body, file
        self.chosen = _sample(train, TRAIN_SAMPLE)
        self.train, self.vectors = train.at(self.chosen), vectors
        self.validation = validation.at(_sample(validation, VALIDATION_SAMPLE))
        self.losses: dict[int, float] = {}
        self.scores: dict[int, float] = {int(k): v for k, v in (read(file) or {}).items()}

    def score_name(self) -> str:
        """What was scored on how much."""
        articles, examples = len(self.validation), len(self.train)
        return f"validation accuracy ({articles} articles, head on {examples} examples)"

    def points(self) -> tuple[CurvePoint, ...]:
        """What was collected, by step."""
        return to_points(self.losses, {}, self.scores)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The score before any step: what the encoder knows already."""
        if state.global_step == 0:
            self._score(0, self.vectors)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Report progress, and score at each third of the way but the last."""
        super().on_step_end(args, state, control)
        step, total = state.global_step, state.max_steps
        if step in {round(total * part / SCORES) for part in range(1, SCORES)} - {total}:
            self._score(step)

    def on_trained(self, steps: int, vectors: np.ndarray) -> None:
        """The score of the trained encoder, by its vectors of the training texts."""
        self._score(steps, vectors)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Losses of all steps, those before a kill too; its summary has no loss of one step."""
        logged = [(log["step"], log.get("embedding_loss")) for log in state.log_history]
        self.losses = {step: float(loss) for step, loss in logged if loss is not None}

    def _score(self, step: int, vectors: np.ndarray | None = None) -> None:
        if not len(self.validation) or len(set(self.train.groups())) < 2:
            return
        known = self.body.embed(self.train.texts) if vectors is None else vectors[self.chosen]
        head = fit_head(known, self.train, 1.0)
        logits = head_logits(head, self.body.embed(self.validation.texts), self.train)
        self.scores[step] = float(np.mean(example_scores(logits, self.validation)))
        write(self.file, self.scores)


def to_points(
    losses: dict[int, float], validation_losses: dict[int, float], scores: dict[int, float]
) -> tuple[CurvePoint, ...]:
    """Everything that was measured at a step in one point."""
    return tuple(
        CurvePoint(step, losses.get(step), validation_losses.get(step), scores.get(step))
        for step in sorted({*losses, *validation_losses, *scores})
    )


def _sample(data: TopicData, size: int) -> np.ndarray:
    """Numbers of at most ``size`` texts."""
    # Always the same choice: two trainings with other seeds are compared on the same articles.
    few = len(data) <= size
    return np.arange(len(data)) if few else parts(data, -(-len(data) // size), 0)[0]
