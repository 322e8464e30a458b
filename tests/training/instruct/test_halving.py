"""Scoring in too little memory: fewer at once, and true advice where one is too many."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from corpus.errors import DeskError
from tests.training.instruct.tiny import SETTINGS, tiny_pairs
from training.instruct import generate, perplexity
from training.instruct.ask import ask
from training.instruct.base import Base
from training.instruct.halving import in_halves

PAIRS = tiny_pairs()[:6]


def at_most(size: int, work: Any, sizes: list[int], count: Any) -> Any:
    """Fails as memory does, where more are asked at once."""

    def ask(*given: Any, **named: Any) -> Any:
        asked = count(*given)
        sizes.append(asked)
        if asked > size:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return work(*given, **named)

    return ask


def limit(monkeypatch: pytest.MonkeyPatch, size: int) -> list[int]:
    sizes: list[int] = []
    writes = at_most(size, generate._write, sizes, lambda _m, _t, prompts, *_: len(prompts))
    reads = at_most(size, perplexity._nats, sizes, lambda _m, ids, *_: len(ids))
    monkeypatch.setattr(generate, "_write", writes)
    monkeypatch.setattr(perplexity, "_nats", reads)
    return sizes


def test_half_as_many_are_tried_until_memory_suffices(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask(base.model, base, PAIRS, SETTINGS)
    sizes = limit(monkeypatch, 1)
    halves = ask(base.model, base, PAIRS, SETTINGS)
    assert [written for written, _ in halves] == [written for written, _ in whole]
    for (_, one), (_, other) in zip(halves, whole, strict=True):
        assert one.nats == pytest.approx(other.nats, rel=1e-4)
    assert sizes[:4] == [6, 3, 1, 2]


def test_where_one_is_too_many_the_advice_helps(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, 0)
    with pytest.raises(DeskError, match="memory did not suffice") as error:
        ask(base.model, base, PAIRS, SETTINGS)
    assert "max_new_tokens" in error.value.next_step
    # It cuts no article that a model is asked about.
    assert "max_length_tokens" not in error.value.next_step


def test_other_errors_are_not_tried_again() -> None:
    asked = []

    def fail(batch: Sequence[int]) -> list[int]:
        asked.append(batch)
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        in_halves([1, 2], fail)
    assert asked == [[1, 2]]
