"""Texts with several topics, on every rung."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from setfit import SetFitModel
from transformers import pipeline

from corpus.settings.models import FineTuneSettings, TopicModelSettings
from tests.training.conftest import written
from tests.training.encoders import bert
from training.classification.predict import load_topic_model, predict_topics
from training.classification.train import train_topics
from training.examples import TopicExample

TOPICS = ["Sports", "World", "Business"]
FINE_TUNE = FineTuneSettings(epochs=12, batch_size=8, learning_rate=3e-3, frozen_layers=1)
SIDES: dict[int, tuple[str, ...]] = {0: ("Sports",), 1: ("Business",), 2: ("Sports", "Business")}


def examples() -> list[TopicExample]:
    """Each third text is of both topics; every fourth three are validation, and test."""
    found = []
    for number in range(96):
        topics = SIDES[number % 3]
        text = " ".join(written(topic, 1, number)[0] for topic in topics)
        split = {2: "validation", 3: "test"}.get(number // 3 % 4, "train")
        found.append(TopicExample(f"e{number:03d}", text, topics, split))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("method", ["frozen", "setfit", "fine_tune"])
def test_all_topics_of_a_text_are_found(method: str, tmp_path: Path) -> None:
    gold = examples()
    fine = method == "fine_tune"
    encoder = bert(tmp_path / "bert", [e.text for e in gold], layers=3) if fine else "offline"
    settings = TopicModelSettings(method=method, max_steps=4, batch_size=8, fine_tune=FINE_TUNE)
    found = train_topics(gold, TOPICS, settings, encoder, 3, tmp_path / "model")
    assert 0 < found.settings["threshold"] < 1
    assert "validation (24 examples)" in found.settings["temperature_fitted_on"]
    test = [e for e in gold if e.split == "test"]
    predictions = predict_topics(load_topic_model(str(found.folder)), [e.text for e in test])
    right = [set(p.topics) == set(e.topics) for p, e in zip(predictions, test, strict=True)]
    assert sum(right) / len(right) > 0.9
    assert all(set(p.probabilities) == {"Sports", "Business"} for p in predictions)
    ours = np.array([list(p.probabilities.values()) for p in predictions])
    assert np.abs(ours - theirs(found.folder, [e.text for e in test], fine)).max() < 1e-5


def theirs(folder: Path, texts: list[str], fine_tuned: bool) -> np.ndarray:
    """Probabilities by the libraries that others load the model with."""
    if not fine_tuned:
        setfit = SetFitModel.from_pretrained(str(folder))
        return np.asarray(setfit.predict_proba(texts, as_numpy=True))
    classify: Any = pipeline("text-classification", model=str(folder), top_k=None)
    rows = [{row["label"]: row["score"] for row in said} for said in classify(texts)]
    return np.array([[row["Sports"], row["Business"]] for row in rows])
