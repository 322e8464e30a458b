"""The SetFit rung: its trial against the frozen encoder, and its training."""

import numpy as np

from training.classification import learning_curve
from training.classification.checkpoints import read, write
from training.classification.contrast import contrast, schedule, trial_schedule
from training.classification.data import TopicData
from training.classification.halves import text_halves
from training.classification.heads import fit_head_of_part, head_logits
from training.classification.ladder import (
    SETFIT_TRIAL_FROM,
    TWO_FOLDS_UP_TO,
    Trial,
    Verdict,
    judge,
    trial_parts,
)
from training.classification.learning_curve import LearningCurve
from training.classification.lesson import Fitted, Lesson, Start, finished, new_body
from training.classification.topic_names import together_with


def setfit_trials(lesson: Lesson, start: Start) -> tuple[Trial, Trial] | None:
    """SetFit's and the frozen head's logits of the same texts after the same lesson."""
    data = lesson.train
    if data.rarest() < SETFIT_TRIAL_FROM:
        return None
    kept = read(lesson.folder / "trial.json")
    if kept is not None:
        numbers = np.array(kept["numbers"])
        return Trial(numbers, np.array(kept["setfit"])), Trial(numbers, np.array(kept["frozen"]))
    sides = trial_parts(data, lesson.seed)
    few = len(data) <= TWO_FOLDS_UP_TO
    turns = [(0, 1), (1, 0)] if few else [(0, 1)]
    tuned, frozen = [], []
    for taught, held in turns:
        lessons = sides[taught]
        tuned.append(_taught_by_contrast(lesson, start, lessons, sides[held]))
        head = fit_head_of_part(start.vectors, data, lessons, start.strength)
        frozen.append(head_logits(head, start.vectors[sides[held]], data))
    numbers = np.concatenate([sides[held] for _, held in turns])
    dear, cheap = np.concatenate(tuned), np.concatenate(frozen)
    write(
        lesson.folder / "trial.json",
        {"numbers": numbers.tolist(), "setfit": dear.tolist(), "frozen": cheap.tolist()},
    )
    return Trial(numbers, dear), Trial(numbers, cheap)


def _taught_by_contrast(
    lesson: Lesson, start: Start, taught: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """Logits (asked × topics) of SetFit after a trial's steps on the taught texts."""
    part = together_with(lesson.train.at(taught), start.names)
    body = new_body(lesson, start.body.states)
    full = schedule(lesson.settings, len(lesson.train))
    contrast(body, part, trial_schedule(full), lesson.seed, lesson.folder / "trial")
    head = fit_head_of_part(body.embed(part.texts), part, np.arange(len(part)), 1.0)
    return head_logits(head, body.embed(lesson.train.at(asked).texts), part)


def setfit_verdict(trials: tuple[Trial, Trial] | None, data: TopicData) -> Verdict:
    if trials is None:
        few = f"by the amount of gold; {data.rarest()} examples of a topic are too few to compare"
        return Verdict("setfit", few, {}, 0)
    return judge("setfit", *trials, data)


def fit_setfit(lesson: Lesson, start: Start, verdict: Verdict, unseen: Trial | None) -> Fitted:
    plan = schedule(lesson.settings, len(lesson.train))
    halves = text_halves(lesson.train, plan.steps * plan.batch_size)
    taught = together_with(together_with(lesson.train, start.names), halves)
    if len(halves):
        # What the frozen layers give for them is remembered for all steps.
        start.body.embed(halves.texts)
    curve = LearningCurve(
        start.body,
        lesson.train,
        start.vectors,
        lesson.validation,
        lesson.on_progress,
        lesson.folder / "scores.json",
    )
    contrast(
        start.body,
        taught,
        plan,
        lesson.seed,
        lesson.folder / "setfit",
        [curve],
        lesson.keep,
        lesson.tracking,
    )
    vectors = start.body.embed(taught.texts)
    curve.on_trained(plan.steps, vectors)
    model = finished(lesson, start.body, vectors, taught, 1.0)
    loss, score = learning_curve.LOSS_NAME, curve.score_name()
    return Fitted(
        model, verdict, curve.points(), loss, score, plan.steps, unseen, len(start.names),
        len(halves),
    )  # fmt: skip
