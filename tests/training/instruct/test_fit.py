"""SFT: which tokens teach, what is refused before it begins, and going on after a kill."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from trl.kernels import ChunkedLogProbFunction

from corpus.errors import DeskError
from corpus.settings.instructions import GrpoSettings
from tests.training.instruct.tiny import SETTINGS, tiny_pairs, with_
from training.entities.fit import Run
from training.instruct import fit as fitting
from training.instruct.answers_alone import answers_alone
from training.instruct.base import Base, load_base
from training.instruct.fit import arguments, linear_layers, make_trainer
from training.instruct.train import train_instructions


def taught(trainer: Any, base: Base) -> list[str]:
    """What the labels of all batches say, a string for each run of labels."""
    found = []
    for batch in trainer.get_train_dataloader():
        for row in batch["labels"]:
            run: list[int] = []
            for label in [*row.tolist(), -100]:
                if label != -100:
                    run.append(label)
                elif run:
                    found.append(str(base.tokenizer.decode(run)))
                    run = []
    return found


@pytest.mark.parametrize("packing", [False, True])
def test_only_answers_teach(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packing: bool
) -> None:
    # What packing needs to run is tested below; here only its labels are read.
    monkeypatch.setattr(fitting, "require_flash_attention", lambda _: None)
    train = [p for p in tiny_pairs() if p.split == "train"][:8]
    run = Run(tmp_path, "key", None, "none")
    trainer = make_trainer(base, train, [], with_(packing=packing), 1, run)
    end = base.tokenizer.eos_token
    expected = sorted(p.messages()[-1]["content"] + end for p in train)
    assert sorted(taught(trainer, base)) == expected


def test_only_answers_are_scored_with_the_same_gradients(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """trl scores every token of the prompt too on a CPU, and forgets it."""
    train = [p for p in tiny_pairs() if p.split == "train"][:8]
    trainer = make_trainer(base, train, [], SETTINGS, 1, Run(tmp_path, "key", None, "none"))
    batch = next(iter(trainer.get_train_dataloader()))
    scored: list[int] = []
    plain = ChunkedLogProbFunction.apply

    def counted(hidden: torch.Tensor, *rest: Any) -> Any:
        scored.append(len(hidden))
        return plain(hidden, *rest)

    monkeypatch.setattr(ChunkedLogProbFunction, "apply", counted)

    def gradients() -> dict[str, torch.Tensor]:
        trainer.model.zero_grad()
        trainer.compute_loss(trainer.model, dict(batch)).backward()
        named = trainer.model.named_parameters()
        return {name: p.grad.clone() for name, p in named if p.grad is not None}

    theirs = gradients()
    with answers_alone():
        ours = gradients()
    assert scored == [batch["labels"][:, 1:].numel(), int((batch["labels"] != -100).sum())]
    assert scored[1] < 0.7 * scored[0]
    assert any(float(g.abs().max()) > 0 for g in theirs.values())
    for name, gradient in theirs.items():
        assert torch.allclose(ours[name], gradient, rtol=1e-3, atol=1e-6), name


def test_packing_without_flash_attention_is_refused(base: Base, tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="packing needs flash attention"):
        train_instructions(tiny_pairs(), base, with_(packing=True), 1, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_the_adapter_is_on_every_linear_layer_but_the_head(base: Base) -> None:
    assert linear_layers(base.model) == [
        "down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj",
    ]  # fmt: skip


def test_training_lowers_the_loss_and_says_so(base: Base, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    trained = train_instructions(
        tiny_pairs(), base, with_(max_steps=30, learning_rate=0.02), 1,
        tmp_path / "model",
        on_progress=lambda step, total: steps.append((step, total)),
    )  # fmt: skip
    losses = [p.validation_loss for p in trained.curve if p.validation_loss is not None]
    assert losses[-1] < 0.8 * losses[0]
    assert steps[-1] == (30, 30)
    assert trained.curve_png.stat().st_size > 10_000
    assert (trained.kind, trained.examples) == ("instructions", 32)
    assert not (tmp_path / "model.checkpoints").exists()
    assert any(p.validation_score is not None for p in trained.curve)


@pytest.mark.parametrize(
    ("base", "said", "used"),
    [("offline", None, 1.0), ("a/chat-model", None, 0.0), ("offline", 0.1, 0.1)],
)
def test_the_adapter_is_pulled_to_the_offline_decoder_alone(
    tmp_path: Path, base: str, said: float | None, used: float
) -> None:
    settings = with_(base=base, weight_decay=said)
    run = Run(tmp_path, "key", None, "none")
    assert arguments(settings, 8, 1, run, validates=False).weight_decay == used


class KilledError(Exception):
    pass


def test_after_a_kill_it_comes_to_the_same_adapter(folder: str, tmp_path: Path) -> None:
    steps: list[int] = []

    def train(name: str, stop_at: int | None, **changes: Any) -> Path:
        def progress(step: int, _: int) -> None:
            steps.append(step)
            if step == stop_at:
                raise KilledError

        out = tmp_path / name
        train_instructions(tiny_pairs(), load_base(folder), with_(**changes), 5, out, progress)
        return out / "adapter_model.safetensors"

    whole = load_file(train("whole", None))
    with pytest.raises(KilledError):
        train("killed", 5)
    assert list((tmp_path / "killed.checkpoints").glob("checkpoint-4"))
    steps.clear()
    # Limits that were raised since, and settings of GRPO, make it no other training.
    raised = {"memory_gb": 64.0, "token_budget": 10**9, "grpo": GrpoSettings(max_steps=3)}
    resumed = load_file(train("killed", None, **raised))
    assert steps == [5, 6]
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_no_article_to_learn_from_is_said(base: Base, tmp_path: Path) -> None:
    test = [p for p in tiny_pairs() if p.split == "test"]
    with pytest.raises(DeskError, match="No reviewed article of the train split"):
        train_instructions(test, base, SETTINGS, 1, tmp_path / "m")
