"""kill -9 in the middle of a training, and the same call again; two processes at once."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from corpus.articles import ReviewedArticle
from embedded.ports import free_port
from tests.training.conftest import PROJECT
from tests.training.encoders import bert
from tests.training.killed_training import latest_checkpoint, train
from training.classification.predict import load_topic_model, predict_topics
from training.examples import topic_examples
from training.results import TrainedModel

STARTS_WITHIN_SECONDS = 240


def weights(trained: TrainedModel) -> str:
    return hashlib.sha256((trained.folder / "model.safetensors").read_bytes()).hexdigest()


def kill_after_a_checkpoint(encoder: str, method: str, folder: Path) -> None:
    """Start the training in a process of its own and kill it once a checkpoint is there."""
    command = [sys.executable, "-m", "tests.training.killed_training", encoder, method, str(folder)]
    process = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)})
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    try:
        while latest_checkpoint(folder / "checkpoints" / method) is None:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline, "no checkpoint came"
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.long
@pytest.mark.parametrize("method", ["setfit", "fine_tune"])
def test_a_killed_training_goes_on_to_the_same_result(
    method: str, tiny_gold: list[ReviewedArticle], tmp_path: Path
) -> None:
    encoder = bert(tmp_path / "bert", [e.text for e in topic_examples(tiny_gold)], layers=3)
    kill_after_a_checkpoint(encoder, method, tmp_path)
    steps: list[int] = []
    resumed = train(encoder, method, tmp_path, lambda step, _: steps.append(step))
    assert steps[0] > 1, "it began from the start"
    assert not (tmp_path / "checkpoints").exists()
    whole = train(encoder, method, tmp_path / "whole")
    assert weights(resumed) == weights(whole)
    same = ("curve", "diagnosis", "settings")
    assert [asdict(resumed)[k] for k in same] == [asdict(whole)[k] for k in same]


def test_checkpoints_of_another_training_are_not_used(
    tiny_gold: list[ReviewedArticle], tmp_path: Path
) -> None:
    encoder = bert(tmp_path / "bert", [e.text for e in topic_examples(tiny_gold)], layers=3)
    kill_after_a_checkpoint(encoder, "fine_tune", tmp_path)
    steps: list[int] = []
    train(encoder, "fine_tune", tmp_path, lambda step, _: steps.append(step), seed=4)
    assert steps[0] == 1


@pytest.mark.long
def test_two_processes_fine_tune_one_model(
    tiny_gold: list[ReviewedArticle], tmp_path: Path
) -> None:
    examples = topic_examples(tiny_gold)
    encoder = bert(tmp_path / "bert", [e.text for e in examples], layers=3)
    launch = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    launch += ["--main_process_port", str(free_port()), "-m", "tests.training.killed_training"]
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, "-m", *launch, encoder, "fine_tune", str(tmp_path)]
    done = subprocess.run(
        command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not (tmp_path / "checkpoints").exists()
    test = [e for e in examples if e.split == "test"]
    found = predict_topics(load_topic_model(str(tmp_path / "model")), [e.text for e in test])
    assert [p.topic for p in found] == [e.topics[0] for e in test]
