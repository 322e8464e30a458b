"""Tracking is off unless asked for, and says what to install."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import DeskError
from corpus.settings.models import EntityModelSettings, TopicModelSettings
from tests.training.conftest import tiny_articles
from training.classification.train import train_topics
from training.entities.train import train_entities
from training.examples import entity_examples, topic_examples
from training.tracking import Tracking, report_to


def test_nothing_is_recorded_by_default() -> None:
    assert report_to("none") == []


@pytest.mark.parametrize("tracking", ["mlflow", "trackio"])
def test_a_missing_package_is_named_with_its_command(tracking: Tracking) -> None:
    if importlib.util.find_spec(tracking) is not None:
        assert report_to(tracking) == [tracking]
        return
    with pytest.raises(DeskError, match=f"the package {tracking} is not installed") as error:
        report_to(tracking)
    assert f"copydesk[{tracking}]" in error.value.next_step


def test_models_of_both_kinds_refuse_before_they_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    articles = tiny_articles()
    entities, topics = EntityModelSettings(), TopicModelSettings(method="setfit")
    calls: list[tuple[Any, ...]] = [
        (train_topics, topic_examples(articles), ["Business", "Sports"], topics),
        (train_entities, entity_examples(articles), ["person", "place"], entities),
    ]
    for train, examples, labels, settings in calls:
        with pytest.raises(DeskError, match="mlflow is not installed"):
            train(examples, labels, settings, "no encoder", 1, tmp_path / "m", tracking="mlflow")
    assert list(tmp_path.iterdir()) == []
