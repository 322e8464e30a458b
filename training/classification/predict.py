"""Topics of texts, from a trained model."""

from collections.abc import Sequence
from dataclasses import dataclass

from setfit import SetFitModel

BATCH = 32


@dataclass(frozen=True, slots=True)
class TopicPrediction:
    """The most probable topic, its probability, and that of every topic."""

    topic: str
    score: float
    probabilities: dict[str, float]


def load_topic_model(repo_or_folder: str) -> SetFitModel:
    """A model that train_topics saved, from a folder or a Hub."""
    return SetFitModel.from_pretrained(repo_or_folder)


def predict_topics(model: SetFitModel, texts: Sequence[str]) -> list[TopicPrediction]:
    """One prediction a text, in order; texts are batched by length, which saves padding."""
    if not texts:
        return []
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    found = model.predict_proba(
        [texts[i] for i in order], batch_size=BATCH, as_numpy=True, show_progress_bar=False
    )
    # A topic without training example has no class in the head.
    names = [model.labels[int(c)] for c in model.model_head.classes_]
    predictions: dict[int, TopicPrediction] = {}
    for i, row in zip(order, found, strict=True):
        probabilities = {name: float(p) for name, p in zip(names, row, strict=True)}
        topic = max(probabilities, key=probabilities.__getitem__)
        predictions[i] = TopicPrediction(topic, probabilities[topic], probabilities)
    return [predictions[i] for i in range(len(texts))]
