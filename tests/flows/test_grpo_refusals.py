"""With GRPO switched on, what it would refuse is refused before SFT takes its hours."""

from pathlib import Path
from typing import Any, cast

import pytest

from corpus.desk import read_desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.instruct.pairs import Pair
from corpus.review_state import Reviewed
from flows import instruction_training, train_sft
from tests.training.instruct.tiny import save_tiny, tiny_pairs
from training.instruct import train as sft
from training.instruct.base import load_base

SETTINGS: dict[str, Any] = {
    "models.instructions.max_length_tokens": 320,
    "models.instructions.max_new_tokens": 24,
    "models.instructions.grpo.enabled": True,
}


@pytest.mark.parametrize(
    ("limit", "said"), [("token_budget", "budget of 1,000"), ("memory_gb", "grpo.prompts 64 of")]
)
def test_too_much_for_grpo_is_refused_before_sft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, said: str
) -> None:
    base = load_base(save_tiny(tmp_path / "base"), "a/tiny")
    limits = {f"models.instructions.{limit}": 1000 if limit == "token_budget" else 0.7}
    more = limits | {"models.instructions.grpo.prompts": 64}
    desk = read_desk("desk.yaml", SETTINGS | more)

    def pairs(*_: object) -> list[Pair]:
        return tiny_pairs()

    monkeypatch.setattr(instruction_training, "open_base", lambda *_: base)
    monkeypatch.setattr(instruction_training, "training_pairs", pairs)
    monkeypatch.setattr(instruction_training, "_watched", lambda *_: {})
    monkeypatch.setattr(
        instruction_training, "train_once", lambda _desk, _gold, _kind, fit: fit(tmp_path / "model")
    )
    monkeypatch.setattr(sft, "train_instructions", lambda *_, **__: pytest.fail("SFT began"))
    monkeypatch.setattr(train_sft, "train", instruction_training.train.fn)

    class Review:
        gold = cast(Gold, None)

    with pytest.raises(DeskError, match=said) as error:
        train_sft._trained(desk, cast(Reviewed, Review()))
    assert "grpo." in error.value.next_step
