"""A tiny base, an adapter trained on it, and both merged by the command; for reading only."""

import json
from pathlib import Path

import pytest

from tests.test_file_commands import run
from tests.training.instruct.tiny import SETTINGS, save_tiny, tiny_pairs
from training.instruct.base import load_base
from training.instruct.train import train_instructions

BASE = "a/tiny"


@pytest.fixture(scope="package")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(save_tiny(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="package")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As it lies in the store of a desk: what training knew of it stands beside it."""
    out = tmp_path_factory.mktemp("trained") / "model"
    settings = SETTINGS.model_copy(update={"max_steps": 30, "learning_rate": 0.02})
    trained = train_instructions(tiny_pairs(), load_base(str(base), BASE), settings, 3, out)
    facts = json.dumps({"settings": dict(trained.settings)})
    (out.parent / "training.json").write_text(facts)
    return out


@pytest.fixture(scope="package")
def merged(base: Path, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("merged") / "one"
    found = run("merge", adapter, "--base", base, "--out", out)
    facts = json.loads((out / "merged.json").read_text())
    assert facts["base"] == BASE
    assert f"{out}: model merged into {BASE}, one model." in found.stdout
    assert f"{facts['parameters']:,} parameters in float32" in found.stdout
    assert f"hf upload owner/name {out}" in found.stdout
    return out
