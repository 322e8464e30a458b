"""GRPO's adapter replaces that of SFT only where it is no worse on the test."""

import json
from pathlib import Path
from typing import Any

import pytest

from corpus.desk import Desk, read_desk
from flows.grpo_choice import GRPO, grpo_tried, is_no_worse, keep_better
from flows.model_store import KEPT, StoredModel, kept_model
from publishing.predictions import read_predictions, write_predictions

ROWS = [{"id": "a", "written": "{}"}]


@pytest.fixture
def desk() -> Desk:
    return read_desk("desk.yaml", {"gate.margin": 0.02})


def stored(folder: Path) -> StoredModel:
    folder.mkdir()
    facts: dict[str, Any] = {"settings": {}}
    (folder / "training.json").write_text(json.dumps(facts))
    return StoredModel(folder, folder.name, reused=False, training=facts)


def scores(low: float, valid: float = 0.9) -> dict[str, Any]:
    before = {
        "n": 40,
        "schema_validity": {"value": 0.9},
        "difference": {"value": low + 0.1, "low": low, "high": low + 0.2},
    }
    return {"n": 40, "schema_validity": {"value": valid}, "sft": before}


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (scores(0.01), True),
        (scores(-0.02), True),
        (scores(-0.021), False),
        (scores(0.01, valid=0.885), True),
        (scores(0.01, valid=0.87), False),
        ({}, False),
    ],
)
def test_the_margin_of_the_gate_decides(found: dict[str, Any], kept: bool) -> None:
    assert is_no_worse(found, 0.02) is kept


def test_whoever_asks_for_the_model_gets_the_one_that_is_kept(desk: Desk, tmp_path: Path) -> None:
    sft, tuned = stored(tmp_path / "sft"), stored(tmp_path / "grpo")
    write_predictions(ROWS, tuned.predictions("test"))
    assert kept_model(tuned).key == "grpo"
    assert not keep_better(desk, sft, tuned, scores(-0.3))
    assert (kept_model(tuned).key, kept_model(sft).key) == ("sft", "sft")
    assert read_predictions(sft.predictions(GRPO)) == ROWS
    # Of a larger test it may come out differently; nothing is trained again.
    assert keep_better(desk, sft, tuned, scores(0.1))
    assert kept_model(tuned).key == "grpo"
    assert not sft.predictions(GRPO).exists()


def test_without_a_test_sft_is_kept(desk: Desk, tmp_path: Path) -> None:
    sft, tuned = stored(tmp_path / "sft"), stored(tmp_path / "grpo")
    assert not keep_better(desk, sft, tuned, {})
    assert tuned.read(KEPT) == {"key": "sft"}
    assert grpo_tried(sft) == []


def test_the_verdict_says_what_was_tried(tmp_path: Path) -> None:
    sft, found = stored(tmp_path / "sft"), scores(-0.3, valid=0.4)
    tuned = {k: v for k, v in found.items() if k != "sft"}
    difference = found["sft"]["difference"]
    test = found["sft"] | {GRPO: tuned | {"difference": difference}}
    sft.write("scores.json", {"test": test})
    (said,) = grpo_tried(sft)
    assert "GRPO was tried: answer F1 changes by -0.200 [-0.300, -0.100]" in said
    assert "schema validity from 0.900 to 0.400" in said
