"""What is told of a GRPO training: that SFT came before it, with its seconds and its curve."""

import json
from pathlib import Path

import pytest

from flows.after_sft import with_sft
from flows.model_store import StoredModel
from publishing.describe_model import Trained, _training
from publishing.parts import REWARDS_PICTURE, ModelFiles, _copy_model
from publishing.render import render_model_card
from tests.publishing.manifests import REPO, model_manifest
from training.results import TrainedModel


@pytest.fixture
def sft(tmp_path: Path) -> StoredModel:
    facts = {"seconds": 100.0, "cpu_seconds": 380.5, "diagnosis": "Healthy."}
    folder = tmp_path / "sft"
    folder.mkdir()
    (folder / "learning_curve.png").write_bytes(b"losses")
    return StoredModel(folder, "sft", reused=True, training=facts)


def tuned(folder: Path, sft: StoredModel) -> TrainedModel:
    model = folder / "model"
    model.mkdir(parents=True)
    png = model / "learning_curve.png"
    png.write_bytes(b"rewards")
    return with_sft(
        TrainedModel(
            model, "instructions", (), png, "The mean reward rises.", 9, 20.0, 70.25, 1, {}
        ),
        sft,
        model,
    )


def test_seconds_are_those_of_both(sft: StoredModel, tmp_path: Path) -> None:
    found = tuned(tmp_path / "grpo", sft)
    assert (found.seconds, found.cpu_seconds) == (120.0, 450.8)
    assert found.stages["SFT"] == {"wall_seconds": 100.0, "cpu_seconds": 380.5}
    assert found.stages["GRPO"] == {"wall_seconds": 20.0, "cpu_seconds": 70.25}
    assert found.diagnosis == "SFT: Healthy. GRPO: The mean reward rises."


def test_both_curves_are_published(sft: StoredModel, tmp_path: Path) -> None:
    found = tuned(tmp_path / "grpo", sft)
    assert found.curve_png.read_bytes() == b"losses"
    assert (sft.folder / "learning_curve.png").read_bytes() == b"losses"
    beside = found.folder.with_name(REWARDS_PICTURE)
    assert beside.read_bytes() == b"rewards"
    found.curve_png.rename(found.folder.with_name("learning_curve.png"))
    store = tmp_path / "grpo"
    files = ModelFiles(store / "model", store / "learning_curve.png", store / "evaluation")
    _copy_model(files, tmp_path / "out")
    assert {f.name for f in (tmp_path / "out").iterdir()} == {"learning_curve.png", "rewards.png"}


def test_the_card_shows_both(sft: StoredModel, tmp_path: Path) -> None:
    found = tuned(tmp_path / "grpo", sft)
    names = ("seed", "settings", "examples", "diagnosis", "seconds", "cpu_seconds", "stages")
    facts = json.loads(json.dumps({name: getattr(found, name) for name in names}))
    training = _training(Trained("instructions", "k", "b", None, facts, {}, []))
    files = {"rewards.png": "0b" * 32}
    card = render_model_card(model_manifest("instructions", training=training, files=files), REPO)
    assert "![Rewards during GRPO](rewards.png)" in card
    assert "![Learning curve](learning_curve.png)" in card
    assert "It took 450.8 CPU seconds (120 by the clock), the sum of SFT's 380.5 (100) and" in card
    assert "GRPO's 70.25 (20); energy" in card
    plain = render_model_card(model_manifest("instructions"), REPO)
    assert "Rewards during GRPO" not in plain
    assert "the sum of" not in plain
