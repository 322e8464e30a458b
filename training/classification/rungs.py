"""The three rungs as trainings: what is tried, what is fitted, what comes out."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import DeskError
from corpus.settings.models import TopicModelSettings
from corpus.tracking import Tracking
from training.classification import fine_tune as fine_tuning
from training.classification import learning_curve
from training.classification.body import Body, new_model
from training.classification.calibration import FEWEST, log_loss
from training.classification.checkpoints import read, together, write
from training.classification.contrast import contrast, schedule, trial_schedule
from training.classification.data import TopicData, parts
from training.classification.halves import text_halves
from training.classification.heads import (
    FOLDS,
    choose_strength,
    fit_head,
    fit_head_of_part,
    head_logits,
    out_of_fold,
)
from training.classification.ladder import (
    SETFIT_TRIAL_FROM,
    TWO_FOLDS_UP_TO,
    Trial,
    Verdict,
    judge,
    proposal,
    trial_parts,
)
from training.classification.learning_curve import LearningCurve, to_points
from training.classification.lower_layers import HiddenStates
from training.classification.models import SetFitTopics, TopicModel
from training.classification.scores import example_scores
from training.classification.topic_names import name_examples, together_with
from training.results import CurvePoint, Progress

HELD_PARTS = 10
FROZEN_LOSS, FROZEN_SCORE = "log loss of the head", "validation accuracy"
# Iterations of the head's solver after which its curve is looked at.
LOOKS = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True, slots=True)
class Lesson:
    """All that a training needs; ``folder`` takes checkpoints, which ``keep`` asks for."""

    encoder: str
    topics: tuple[str, ...]
    train: TopicData
    validation: TopicData
    settings: TopicModelSettings
    seed: int
    folder: Path
    keep: bool
    on_progress: Progress | None
    tracking: Tracking = "none"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained model, its curve, and logits of texts it was not trained on, if there are any."""

    model: TopicModel
    verdict: Verdict
    points: tuple[CurvePoint, ...]
    loss_name: str
    score_name: str
    steps: int
    unseen: Trial | None
    names_taught: int = 0
    halves_taught: int = 0


@dataclass(frozen=True, slots=True)
class _Start:
    """What every rung begins with: the encoder as it is and its embeddings of all examples."""

    body: Body
    vectors: np.ndarray
    strength: float
    names: TopicData


def fit(lesson: Lesson) -> Fitted:
    """Train the rung that the desk names, or that amount and cross-validation choose."""
    data = lesson.train
    body = _new_body(lesson, HiddenStates())
    vectors = body.embed(data.texts)
    strength = choose_strength(vectors, data, lesson.seed)
    start = _Start(body, vectors, strength, name_examples(data, vectors, body.embed))
    method = lesson.settings.method
    rung = proposal(data) if method == "auto" else method
    fixed = Verdict(rung, "fixed by models.topics.method", {}, 0)
    if rung == "fine_tune":
        return _fit_fine_tuned(lesson, start, None if method == "auto" else fixed)
    if rung == "setfit":
        _require_one_process()
        trials = _setfit_trials(lesson, start) if method == "auto" else None
        verdict = fixed if method != "auto" else _setfit_verdict(trials, data)
        if verdict.rung == "setfit":
            return _fit_setfit(lesson, start, verdict, trials[0] if trials else None)
        return _fit_frozen(lesson, start, verdict)
    return _fit_frozen(lesson, start, fixed)


def _require_one_process() -> None:
    count = together().num_processes
    if count > 1:
        raise DeskError(
            f"The SetFit rung trains in one process, and {count} were launched.",
            "Start it without accelerate launch, or set models.topics.method to fine_tune.",
        )


def _new_body(lesson: Lesson, states: HiddenStates) -> Body:
    model = new_model(lesson.encoder, _names(lesson), lesson.settings)
    return Body(model, lesson.settings.frozen_layers, states)


def _names(lesson: Lesson) -> tuple[str, ...]:
    # One-vs-rest has a class for each name, so with several topics only trained ones are named.
    return lesson.train.names if lesson.train.several else lesson.topics


def _finished(
    lesson: Lesson, body: Body, vectors: np.ndarray, data: TopicData, strength: float
) -> SetFitTopics:
    columns = np.array([_names(lesson).index(name) for name in lesson.train.names])
    body.model.model_head = fit_head(vectors, data, strength, columns)
    if lesson.train.several:
        body.model.multi_target_strategy = "one-vs-rest"
    return SetFitTopics(body.model, lesson.train.names, lesson.train.several)


def _fit_frozen(lesson: Lesson, start: _Start, verdict: Verdict) -> Fitted:
    data, strength = lesson.train, start.strength
    folds = min(FOLDS, data.rarest())
    unseen = None
    if folds >= 2:
        logits = out_of_fold(start.vectors, data, strength, folds, lesson.seed)
        unseen = Trial(np.arange(len(data)), logits)
        if not verdict.scores:
            scores = {"frozen": float(unseen.scores(data).mean())}
            verdict = replace(verdict, scores=scores, judged_on=len(data))
    model = _finished(lesson, start.body, start.vectors, data, strength)
    points = _frozen_curve(lesson, start)
    if lesson.on_progress is not None:
        lesson.on_progress(1, 1)
    return Fitted(model, verdict, points, FROZEN_LOSS, FROZEN_SCORE, 0, unseen)


def _frozen_curve(lesson: Lesson, start: _Start) -> tuple[CurvePoint, ...]:
    """Loss and score after a few iterations of the head's solver."""
    data, held = lesson.train, lesson.validation
    unseen = start.body.embed(held.texts) if len(held) else None
    losses, validation, scores = {}, {}, {}
    for look in LOOKS:
        head = fit_head(start.vectors, data, start.strength, iterations=look)
        losses[look] = log_loss(head_logits(head, start.vectors, data), data.gold, not data.several)
        if unseen is not None:
            logits = head_logits(head, unseen, data)
            validation[look] = log_loss(logits, held.gold, not held.several)
            scores[look] = float(example_scores(logits, held).mean())
    return to_points(losses, validation, scores)


def _setfit_trials(lesson: Lesson, start: _Start) -> tuple[Trial, Trial] | None:
    """SetFit's and the frozen head's logits of the same texts after the same lesson."""
    data = lesson.train
    if data.rarest() < SETFIT_TRIAL_FROM:
        return None
    kept = read(lesson.folder / "trial.json")
    if kept is not None:
        numbers = np.array(kept["numbers"])
        return Trial(numbers, np.array(kept["setfit"])), Trial(numbers, np.array(kept["frozen"]))
    halves = trial_parts(data, lesson.seed)
    few = len(data) <= TWO_FOLDS_UP_TO
    turns = [(0, 1), (1, 0)] if few else [(0, 1)]
    tuned, frozen = [], []
    for taught, held in turns:
        lessons = halves[taught]
        tuned.append(_taught_by_contrast(lesson, start, lessons, halves[held]))
        head = fit_head_of_part(start.vectors, data, lessons, start.strength)
        frozen.append(head_logits(head, start.vectors[halves[held]], data))
    numbers = np.concatenate([halves[held] for _, held in turns])
    dear, cheap = np.concatenate(tuned), np.concatenate(frozen)
    write(
        lesson.folder / "trial.json",
        {"numbers": numbers.tolist(), "setfit": dear.tolist(), "frozen": cheap.tolist()},
    )
    return Trial(numbers, dear), Trial(numbers, cheap)


def _taught_by_contrast(
    lesson: Lesson, start: _Start, taught: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """Logits (asked × topics) of SetFit after a trial's steps on the taught texts."""
    part = together_with(lesson.train.at(taught), start.names)
    body = _new_body(lesson, start.body.states)
    full = schedule(lesson.settings, len(lesson.train))
    contrast(body, part, trial_schedule(full), lesson.seed, lesson.folder / "trial")
    head = fit_head_of_part(body.embed(part.texts), part, np.arange(len(part)), 1.0)
    return head_logits(head, body.embed(lesson.train.at(asked).texts), part)


def _setfit_verdict(trials: tuple[Trial, Trial] | None, data: TopicData) -> Verdict:
    if trials is None:
        few = f"by the amount of gold; {data.rarest()} examples of a topic are too few to compare"
        return Verdict("setfit", few, {}, 0)
    return judge("setfit", *trials, data)


def _fit_setfit(lesson: Lesson, start: _Start, verdict: Verdict, unseen: Trial | None) -> Fitted:
    plan = schedule(lesson.settings, len(lesson.train))
    halves = text_halves(lesson.train)
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
    model = _finished(lesson, start.body, vectors, taught, 1.0)
    loss, score = learning_curve.LOSS_NAME, curve.score_name()
    return Fitted(
        model, verdict, curve.points(), loss, score, plan.steps, unseen, len(start.names),
        len(halves),
    )  # fmt: skip


def _fit_fine_tuned(lesson: Lesson, start: _Start, fixed: Verdict | None) -> Fitted:
    data = lesson.train
    held = np.array([], dtype=int)
    if len(data) >= HELD_PARTS * FEWEST:
        held = parts(data, HELD_PARTS, lesson.seed)[0]
    rest = np.setdiff1d(np.arange(len(data)), held)
    # Too little to spare a part of: validation says when to stop, if there is any.
    stop_on = data.at(held) if len(held) else lesson.validation
    tuned = fine_tuning.fine_tune(
        lesson.encoder,
        data.at(rest),
        stop_on,
        lesson.settings,
        lesson.seed,
        lesson.folder / "fine_tune",
        start.body.states,
        lesson.on_progress,
        lesson.keep,
        lesson.tracking,
    )
    verdict, unseen = fixed, None
    if len(held):
        unseen = Trial(held, tuned.model.logits(data.at(held).texts))
        head = fit_head_of_part(start.vectors, data, rest, start.strength)
        cheap = Trial(held, head_logits(head, start.vectors[held], data))
        found = judge("fine_tune", unseen, cheap, data)
        verdict = found if fixed is None else replace(found, rung="fine_tune", reason=fixed.reason)
    if verdict is None:
        verdict = Verdict("fine_tune", "by the amount of gold", {}, 0)
    if verdict.rung == "frozen":
        return _fit_frozen(lesson, start, verdict)
    loss, score = fine_tuning.LOSS_NAME, fine_tuning.SCORE_NAME
    return Fitted(tuned.model, verdict, tuned.points, loss, score, tuned.steps, unseen)


def effective(lesson: Lesson, fitted: Fitted) -> dict[str, Any]:
    """Settings of this rung as they took effect, and the verdict; flat, for a card's table."""
    settings, rung = lesson.settings, fitted.verdict.rung
    found: dict[str, Any] = {
        "method": settings.method,
        "per_class": settings.per_class or "all",
        "max_length_tokens": settings.max_length_tokens,
    }
    if rung == "setfit":
        plan = schedule(settings, len(lesson.train))
        found |= {"batch_size": plan.batch_size, "learning_rate": plan.learning_rate}
        found |= {"max_steps": plan.steps, "frozen_layers": settings.frozen_layers}
        found |= {"topic_names_taught": fitted.names_taught}
        found |= {"half_texts_taught": fitted.halves_taught}
    if rung == "fine_tune":
        found |= settings.fine_tune.model_dump() | {"steps": fitted.steps}
    return found | fitted.verdict.to_settings()
