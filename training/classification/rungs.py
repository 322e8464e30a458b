"""The three rungs as trainings: what is tried, what is fitted, what comes out."""

from dataclasses import replace
from typing import Any

import numpy as np

from corpus.errors import DeskError
from training.classification import fine_tune as fine_tuning
from training.classification.calibration import FEWEST, log_loss
from training.classification.checkpoints import together
from training.classification.contrast import schedule
from training.classification.data import parts
from training.classification.heads import (
    FOLDS,
    choose_strength,
    fit_head,
    fit_head_of_part,
    head_logits,
    out_of_fold,
)
from training.classification.ladder import Trial, Verdict, judge, proposal
from training.classification.learning_curve import to_points
from training.classification.lesson import Fitted, Lesson, Start, finished, new_body
from training.classification.lower_layers import HiddenStates
from training.classification.scores import example_scores
from training.classification.setfit_rung import fit_setfit, setfit_trials, setfit_verdict
from training.classification.topic_names import name_examples
from training.results import CurvePoint

HELD_PARTS = 10
FROZEN_LOSS, FROZEN_SCORE = "log loss of the head", "validation accuracy"
# Iterations of the head's solver after which its curve is looked at.
LOOKS = (1, 2, 4, 8, 16, 32)


def fit(lesson: Lesson) -> Fitted:
    """Train the rung that the desk names, or that amount and cross-validation choose."""
    data = lesson.train
    body = new_body(lesson, HiddenStates())
    vectors = body.embed(data.texts)
    strength = choose_strength(vectors, data, lesson.seed)
    start = Start(body, vectors, strength, name_examples(data, vectors, body.embed))
    method = lesson.settings.method
    rung = proposal(data) if method == "auto" else method
    fixed = Verdict(rung, "fixed by models.topics.method", {}, 0)
    if rung == "fine_tune":
        return _fit_fine_tuned(lesson, start, None if method == "auto" else fixed)
    if rung == "setfit":
        _require_one_process()
        trials = setfit_trials(lesson, start) if method == "auto" else None
        verdict = fixed if method != "auto" else setfit_verdict(trials, data)
        if verdict.rung == "setfit":
            return fit_setfit(lesson, start, verdict, trials[0] if trials else None)
        return _fit_frozen(lesson, start, verdict)
    return _fit_frozen(lesson, start, fixed)


def _require_one_process() -> None:
    count = together().num_processes
    if count > 1:
        raise DeskError(
            f"The SetFit rung trains in one process, and {count} were launched.",
            "Start it without accelerate launch, or set models.topics.method to fine_tune.",
        )


def _fit_frozen(lesson: Lesson, start: Start, verdict: Verdict) -> Fitted:
    data, strength = lesson.train, start.strength
    folds = min(FOLDS, data.rarest())
    unseen = None
    if folds >= 2:
        logits = out_of_fold(start.vectors, data, strength, folds, lesson.seed)
        unseen = Trial(np.arange(len(data)), logits)
        if not verdict.scores:
            scores = {"frozen": float(unseen.scores(data).mean())}
            verdict = replace(verdict, scores=scores, judged_on=len(data))
    model = finished(lesson, start.body, start.vectors, data, strength)
    points = _frozen_curve(lesson, start)
    if lesson.on_progress is not None:
        lesson.on_progress(1, 1)
    return Fitted(model, verdict, points, FROZEN_LOSS, FROZEN_SCORE, 0, unseen)


def _frozen_curve(lesson: Lesson, start: Start) -> tuple[CurvePoint, ...]:
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


def _fit_fine_tuned(lesson: Lesson, start: Start, fixed: Verdict | None) -> Fitted:
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
