"""Tracking is off unless asked for, and says what to install."""

import importlib.util
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import DeskError
from corpus.settings.models import EntityModelSettings, TopicModelSettings
from tests.training.conftest import tiny_articles
from tests.training.instruct.tiny import SETTINGS, save_tiny, tiny_pairs
from training.classification.train import train_topics
from training.entities.train import train_entities
from training.examples import entity_examples, topic_examples
from training.instruct.base import load_base
from training.instruct.train import train_instructions
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


@pytest.mark.parametrize("tracking", ["trackio", "mlflow"])
def test_an_installed_package_is_given_the_losses(
    tracking: Tracking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both read where they write when they are imported.
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    pytest.importorskip(tracking, reason=f"the optional package {tracking} is not installed")
    base = load_base(save_tiny(tmp_path / "base"), "a/tiny")
    train_instructions(tiny_pairs(), base, SETTINGS, 1, tmp_path / "m", tracking=tracking)
    assert max(_losses(tracking, tmp_path).values()) > 0
    assert set(_losses(tracking, tmp_path)) == set(range(1, SETTINGS.max_steps + 1))


def _losses(tracking: Tracking, folder: Path) -> dict[int, float]:
    """Step → training loss, read from the file that the package wrote."""
    if tracking == "mlflow":
        with closing(sqlite3.connect(folder / "mlflow.db")) as found:
            return dict(found.execute("SELECT step, value FROM metrics WHERE key = 'loss'"))
    with closing(sqlite3.connect(next((folder / "trackio").glob("*.db")))) as found:
        rows = [json.loads(row) for (row,) in found.execute("SELECT metrics FROM metrics")]
    return {r["train/global_step"]: r["train/loss"] for r in rows if "train/loss" in r}
