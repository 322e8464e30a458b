"""Topic models: from examples to a model folder, with probabilities that can be believed."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import set_seed

from corpus.settings.models import TopicModelSettings
from corpus.tracking import Tracking
from training.classification.calibration import FEWEST, NONE, Calibration, calibrate
from training.classification.checkpoints import checkpoint_folder, together
from training.classification.data import (
    TopicData,
    choose_examples,
    require_two_topics,
    training_data,
    validation_data,
)
from training.classification.lesson import Fitted, Lesson
from training.classification.models import THRESHOLD, TopicModel
from training.classification.rungs import effective, fit
from training.classification.scores import best_threshold
from training.curves import diagnose, draw_curve
from training.examples import TopicExample
from training.results import Progress, Stopwatch, TrainedModel
from training.tracking import report_to


def train_topics(
    examples: Sequence[TopicExample],
    topics: Sequence[str],
    settings: TopicModelSettings,
    encoder: str,
    seed: int,
    output_dir: Path,
    on_progress: Progress | None = None,
    checkpoints: Path | None = None,
    tracking: Tracking = "none",
    several: bool = False,
) -> TrainedModel:
    """Train on the examples of split train; ``load_topic_model(output_dir)`` loads the result.

    So does ``SetFitModel.from_pretrained``, or, where ``settings["rung"]`` of the result is
    fine_tune, ``AutoModelForSequenceClassification.from_pretrained``. Predictions are topic names.
    ``on_progress`` gets (step, steps in total). ``checkpoints`` is a folder from which the same
    call goes on after a kill, to the same result; it is gone when the training is through.
    ``tracking`` records the steps of the rungs that have any (SetFit, fine-tuning).
    ``several``: a text may have several topics, although each of these happens to have one.
    Raises DeskError with fewer than two topics to learn from.
    """
    watch = Stopwatch()
    require_two_topics(examples, topics)
    # A missing package is said before minutes of training.
    report_to(tracking)
    chosen = choose_examples(examples, topics, settings.per_class, seed)
    train = training_data(chosen, topics, several)
    validation = validation_data(examples, train, topics)
    set_seed(seed)
    described = _described(train, validation, topics, settings, encoder, seed)
    keep = checkpoints is not None
    if checkpoints is None and together().num_processes > 1:
        checkpoints = output_dir.with_name(f"{output_dir.name}.checkpoints")
    with checkpoint_folder(checkpoints, described) as folder:
        lesson = Lesson(
            encoder,
            tuple(topics),
            train,
            validation,
            settings,
            seed,
            folder,
            keep,
            on_progress,
            tracking,
        )
        return _finished(lesson, fit(lesson), output_dir, watch)


def _described(
    train: TopicData,
    validation: TopicData,
    topics: Sequence[str],
    settings: TopicModelSettings,
    encoder: str,
    seed: int,
) -> dict[str, Any]:
    """What a training that goes on after a kill must have in common with the first one."""
    return {
        "texts": _digest(train),
        "validation": _digest(validation),
        "topics": list(topics),
        "settings": settings.model_dump(),
        "encoder": encoder,
        "seed": seed,
    }


def _finished(lesson: Lesson, fitted: Fitted, folder: Path, watch: Stopwatch) -> TrainedModel:
    """Calibrate, and write the model with its learning curve."""
    calibration, threshold = _calibrated(fitted, lesson.train, lesson.validation)
    model = fitted.model.at_temperature(calibration.temperature).with_threshold(threshold)
    png = folder / "learning_curve.png"
    diagnosis = diagnose(fitted.points, len(lesson.train))
    # Of several processes (accelerate launch) one writes.
    if together().is_main_process:
        model.save(folder)
        title = f"Topic model ({fitted.verdict.rung}), {len(lesson.train)} examples"
        draw_curve(fitted.points, title, fitted.loss_name, fitted.score_name, png, diagnosis)
    extra: dict[str, Any] = calibration.to_settings()
    if lesson.train.several:
        extra["threshold"] = round(threshold, 4)
    return TrainedModel(
        folder=folder,
        kind="topics",
        curve=fitted.points,
        curve_png=png,
        diagnosis=diagnosis,
        examples=len(lesson.train),
        seconds=watch.seconds(),
        cpu_seconds=watch.cpu_seconds(),
        seed=lesson.seed,
        settings=effective(lesson, fitted) | extra,
    )


def _calibrated(
    fitted: Fitted, train: TopicData, validation: TopicData
) -> tuple[Calibration, float]:
    """Temperature and threshold, by validation, else by examples a fold of it did not see."""
    logits, data, fitted_on = None, validation, "validation"
    if len(validation) >= FEWEST:
        logits = _logits(fitted.model, validation)
    elif fitted.unseen is not None and len(fitted.unseen.numbers) >= FEWEST:
        logits, data = fitted.unseen.logits, train.at(fitted.unseen.numbers)
        fitted_on = "training examples held out"
    if logits is None:
        return NONE, THRESHOLD
    found = calibrate(logits, data.gold, not train.several, fitted_on)
    threshold = THRESHOLD
    if train.several:
        threshold = best_threshold(logits / found.temperature, data)
    return found, threshold


def _logits(model: TopicModel, data: TopicData) -> Any:
    return model.logits(data.texts)


def _digest(data: TopicData) -> str:
    found = hashlib.sha256(data.gold.tobytes())
    for text in data.texts:
        found.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    return found.hexdigest()
