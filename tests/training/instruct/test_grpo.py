"""GRPO from an SFT model on: what it leaves, going on after a kill; both in several processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from corpus.errors import DeskError
from corpus.instruct.answers import stands_in, to_json
from embedded.ports import free_port
from tests.training.conftest import PROJECT
from tests.training.instruct.tiny import CONTEXT, save_tiny, tiny_pairs
from tests.training.instruct.tune_tiny import BASE, GRPO, PAIRS, TUNED, teach, tune
from training.instruct.adapter import load_adapter
from training.instruct.base import load_base
from training.instruct.generate import generate_answers, prompt_ids
from training.instruct.grpo import Start, affordable_prompts, train_with_rewards
from training.results import TrainedModel

WEIGHTS = "adapter_model.safetensors"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def sft(base: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return teach(base, tmp_path_factory.mktemp("sft") / "model").folder


@pytest.fixture(scope="module")
def tuned(base: str, sft: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    return tune(base, sft, tmp_path_factory.mktemp("grpo") / "model")


def test_it_goes_on_from_sft_and_leaves_one_adapter(
    base: str, sft: Path, tuned: TrainedModel
) -> None:
    """That it runs and what it leaves; whether rewards rise is for the benchmark."""
    assert [p.step for p in tuned.curve] == [1, 2, 3, 4, 5]
    assert "mean reward" in tuned.diagnosis
    assert tuned.settings["grpo_max_steps"] == GRPO.max_steps
    assert WEIGHTS in {file.name for file in tuned.folder.iterdir()}
    # No second adapter: the frozen copy that divergence is measured from stays behind.
    assert not (tuned.folder / "ref").exists()
    before, after = load_file(sft / WEIGHTS), load_file(tuned.folder / WEIGHTS)
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    loaded = load_base(base, BASE)
    model = load_adapter(tuned.folder, loaded)
    assert all(generate_answers(model, loaded.tokenizer, PAIRS[:2], 12))


@pytest.mark.long
def test_after_a_kill_it_comes_to_the_same_adapter(
    base: str, sft: Path, tuned: TrainedModel, tmp_path: Path
) -> None:
    rewards = [p.validation_score for p in tuned.curve]
    # Else there would be nothing to learn, and nothing to come out differently.
    assert len(set(rewards)) > 1
    out, checkpoints = tmp_path / "model", tmp_path / "model.checkpoints"
    died = subprocess.run(
        [sys.executable, "-m", "tests.training.instruct.tune_tiny", base, sft, out, "4"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert died.returncode == -9, died.stderr
    assert not out.exists()
    assert [path.name for path in checkpoints.glob("checkpoint-*")] == ["checkpoint-3"]
    steps: list[int] = []
    resumed = tune(base, sft, out, lambda step, _: steps.append(step))
    assert steps == [4, 5]
    assert not checkpoints.exists()
    whole, again = load_file(tuned.folder / WEIGHTS), load_file(out / WEIGHTS)
    assert whole.keys() == again.keys()
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    assert [p.validation_score for p in resumed.curve] == rewards


@pytest.mark.long
def test_two_processes_teach_one_adapter_that_answers(base: str, tmp_path: Path) -> None:
    out = tmp_path / "model"
    # With --cpu, accelerate starts one process, whatever number it is asked for.
    launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    launch += ["--main_process_port", str(free_port()), "-m"]
    done = subprocess.run(
        [sys.executable, *launch, "tests.training.instruct.tune_tiny", base, out],
        cwd=PROJECT, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": ".", "GLOO_SOCKET_IFNAME": "lo"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == [2, 1.0]
    assert not (tmp_path / "model.checkpoints").exists()
    loaded = load_base(base, BASE)
    model = load_adapter(out, loaded)
    written = generate_answers(model, loaded.tokenizer, PAIRS[:4], 12)
    assert written == [to_json(pair.answer) for pair in PAIRS[:4]]


@pytest.mark.parametrize("limit", [{"token_budget": 1000}, {"memory_gb": 0.1}])
def test_what_is_over_a_limit_is_refused_before_training(
    base: str, sft: Path, tmp_path: Path, limit: dict[str, float]
) -> None:
    settings = TUNED.model_copy(update=limit)
    with pytest.raises(DeskError) as error:
        train_with_rewards(
            PAIRS, load_base(base, BASE), Start(sft, {}), settings, 1, tmp_path / "model"
        )
    assert "grpo." in error.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_no_name_is_rewarded_that_the_prompt_lost(base: str) -> None:
    """An article is cut for the chat, and again where that leaves an answer no room."""
    loaded = load_base(base, BASE)
    longest = max(len(prompt_ids(p, loaded.tokenizer)) for p in tiny_pairs())
    settings = TUNED.model_copy(update={"max_new_tokens": CONTEXT - longest + 30})
    asked = affordable_prompts(tiny_pairs(), loaded, settings)
    whole = {p.id: p for p in tiny_pairs()}
    assert any(p.text != whole[p.id].text for p in asked)
    named = [(m.text, p.text) for p in asked for m in p.answer.entities or ()]
    assert named
    assert [name for name, text in named if not stands_in(name, text)] == []


def test_several_processes_are_refused(
    base: str, sft: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(DeskError, match="GRPO trains in one process, and 2") as error:
        tune(base, sft, tmp_path / "model")
    assert "grpo.enabled=false" in error.value.next_step
    assert list(tmp_path.iterdir()) == []
