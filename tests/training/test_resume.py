"""Trainings that are killed, and trainings of several processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from embedded.ports import free_port
from tests.training.train_tiny import TYPES, tiny_examples
from training.checkpoints import last_checkpoint, training_key
from training.entities.predict import load_entity_model, predict_entities
from training.evaluation import micro_f1

EPOCHS = 4
# In the third epoch: 32 examples in batches of 4.
KILLED_AT = 20


def train(*arguments: str, launch: tuple[str, ...] = ("-m",)) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *launch, "tests.training.train_tiny", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": ".", "GLOO_SOCKET_IFNAME": "lo"},
    )


@pytest.mark.long
def test_a_killed_training_goes_on_to_the_same_model(
    tiny_encoders: dict[str, str], tmp_path: Path
) -> None:
    encoder, killed, whole = tiny_encoders["uncased"], tmp_path / "killed", tmp_path / "whole"
    died = train(encoder, str(killed), str(EPOCHS), str(KILLED_AT))
    assert died.returncode == -9
    assert not killed.exists()
    kept = tmp_path / "killed.checkpoints"
    assert [path.name for path in kept.glob("checkpoint-*")] != []
    resumed = train(encoder, str(killed), str(EPOCHS))
    assert resumed.stdout.startswith("first step 17,"), resumed.stderr
    assert not kept.exists()
    uninterrupted = train(encoder, str(whole), str(EPOCHS))
    assert uninterrupted.stdout.startswith("first step 1,"), uninterrupted.stderr
    first, second = (load_file(folder / "model.safetensors") for folder in (killed, whole))
    assert first.keys() == second.keys()
    assert all(first[name].equal(second[name]) for name in first)
    curves = [(folder / "learning_curve.png").read_bytes() for folder in (killed, whole)]
    assert curves[0] == curves[1]


@pytest.mark.long
def test_two_processes_train_one_usable_model(
    tiny_encoders: dict[str, str], tmp_path: Path
) -> None:
    # With --cpu, accelerate starts one process, whatever number it is asked for.
    launch = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2")
    launch += ("--main_process_port", str(free_port()), "-m")
    output = tmp_path / "model"
    done = train(tiny_encoders["uncased"], str(output), "12", launch=launch)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith("first step 1, processes 2")
    assert not (tmp_path / "model.checkpoints").exists()
    test = [example for example in tiny_examples() if example.split == "test"]
    model = load_entity_model(str(output))
    assert list(model.entity_types) == TYPES
    found = predict_entities(model, [example.text for example in test])
    spans = [[span.span() for span in one] for one in found]
    assert micro_f1([example.spans for example in test], spans) > 0.6


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ('{"global_step": 8}', "checkpoint-8"),
        ('{"global_st', "checkpoint-4"),
        (None, "checkpoint-4"),
    ],
    ids=["whole", "torn", "no-state"],
)
def test_only_whole_checkpoints_count(tmp_path: Path, state: str | None, expected: str) -> None:
    key = training_key(["a", 1])
    assert last_checkpoint(tmp_path / "c", key) is None
    for step, content in ((4, '{"global_step": 4}'), (8, state)):
        folder = tmp_path / "c" / f"checkpoint-{step}"
        folder.mkdir()
        if content is not None:
            (folder / "trainer_state.json").write_text(content, encoding="utf-8")
    found = last_checkpoint(tmp_path / "c", key)
    assert found is not None
    assert found.name == expected


def test_checkpoints_of_another_training_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    last_checkpoint(folder, training_key(["a", 1]))
    (folder / "checkpoint-4").mkdir()
    (folder / "checkpoint-4" / "trainer_state.json").write_text('{"global_step": 4}', "utf-8")
    assert last_checkpoint(folder, training_key(["a", 2])) is None
    assert not (folder / "checkpoint-4").exists()
