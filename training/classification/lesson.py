"""What every rung is given, begins with and ends in."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus.settings.models import TopicModelSettings
from corpus.tracking import Tracking
from training.classification.body import Body, new_model
from training.classification.data import TopicData
from training.classification.heads import fit_head
from training.classification.ladder import Trial, Verdict
from training.classification.lower_layers import HiddenStates
from training.classification.models import SetFitTopics, TopicModel
from training.results import CurvePoint, Progress


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
class Start:
    """What every rung begins with: the encoder as it is and its embeddings of all examples."""

    body: Body
    vectors: np.ndarray
    strength: float
    names: TopicData


def new_body(lesson: Lesson, states: HiddenStates) -> Body:
    model = new_model(lesson.encoder, taught_names(lesson), lesson.settings)
    return Body(model, lesson.settings.frozen_layers, states)


def taught_names(lesson: Lesson) -> tuple[str, ...]:
    # One-vs-rest has a class for each name, so with several topics only trained ones are named.
    return lesson.train.names if lesson.train.several else lesson.topics


def finished(
    lesson: Lesson, body: Body, vectors: np.ndarray, data: TopicData, strength: float
) -> SetFitTopics:
    columns = np.array([taught_names(lesson).index(name) for name in lesson.train.names])
    body.model.model_head = fit_head(vectors, data, strength, columns)
    if lesson.train.several:
        body.model.multi_target_strategy = "one-vs-rest"
    return SetFitTopics(body.model, lesson.train.names, lesson.train.several)
