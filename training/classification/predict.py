"""Topics of texts, from a trained model."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from training.classification.models import (
    SEVERAL_KEY,
    THRESHOLD,
    THRESHOLD_KEY,
    FineTunedTopics,
    SetFitTopics,
    TopicModel,
)

if TYPE_CHECKING:
    from setfit import SetFitModel

SETFIT_CONFIG = "config_setfit.json"
# Of a tokenizer that states no limit.
MAX_LENGTH_TOKENS = 512


@dataclass(frozen=True, slots=True)
class TopicPrediction:
    """The most probable topic, its probability, and that of every topic.

    ``topics`` are all that the text is said to have: this one, or, of a model for several topics a
    text, each whose probability reaches the model's threshold, most probable first, maybe none.
    """

    topic: str
    score: float
    probabilities: dict[str, float]
    topics: tuple[str, ...]


def load_topic_model(repo_or_folder: str) -> TopicModel:
    """A model that train_topics saved, of either kind, from a folder or a Hub."""
    config = _setfit_config(repo_or_folder)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if config is not None:
        # It takes ten CPU seconds to import, and most commands load no topic model.
        from setfit import SetFitModel

        return _setfit(SetFitModel.from_pretrained(repo_or_folder, device=device), config)
    model = AutoModelForSequenceClassification.from_pretrained(repo_or_folder).to(device)
    tokenizer = AutoTokenizer.from_pretrained(repo_or_folder)
    topics = tuple(model.config.id2label[i] for i in range(model.config.num_labels))
    return FineTunedTopics(
        model,
        tokenizer,
        topics,
        # A tokenizer without a limit states an astronomic one.
        min(tokenizer.model_max_length, MAX_LENGTH_TOKENS),
        model.config.problem_type == "multi_label_classification",
        getattr(model.config, THRESHOLD_KEY, THRESHOLD),
    )


def predict_topics(model: TopicModel, texts: Sequence[str]) -> list[TopicPrediction]:
    """One prediction a text, in order; texts are batched by length, which saves padding."""
    if not texts:
        return []
    return [to_prediction(model, row.tolist()) for row in model.probabilities(texts)]


def to_prediction(model: TopicModel, row: Sequence[float]) -> TopicPrediction:
    """From the probabilities of all topics, in the model's order."""
    probabilities = dict(zip(model.topics, row, strict=True))
    ranked = sorted(probabilities, key=lambda topic: -probabilities[topic])
    said = ranked[:1]
    if model.several:
        said = [topic for topic in ranked if probabilities[topic] >= model.threshold]
    return TopicPrediction(ranked[0], probabilities[ranked[0]], probabilities, tuple(said))


def _setfit(model: "SetFitModel", config: dict[str, Any]) -> SetFitTopics:
    several = bool(config.get(SEVERAL_KEY, False))
    names = list(model.labels or [])
    if not several:
        # A topic without training example has no class in the head.
        classes = model.model_head.classes_
        names = [names[int(c)] if names else str(c) for c in classes]
    return SetFitTopics(model, tuple(names), several, config.get(THRESHOLD_KEY, THRESHOLD))


def _setfit_config(repo_or_folder: str) -> dict[str, Any] | None:
    """SetFit's configuration; None where this is no SetFit model."""
    file = Path(repo_or_folder) / SETFIT_CONFIG
    if not Path(repo_or_folder).is_dir():
        try:
            file = Path(hf_hub_download(repo_or_folder, SETFIT_CONFIG))
        except EntryNotFoundError:
            return None
    if not file.is_file():
        return None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found
