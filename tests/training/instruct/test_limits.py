"""What a training may take: chats that fit, tokens, memory; and the advice where it is too much."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from trl.kernels.chunked_logprob import TOKEN_CHUNK_SIZE
from trl.trainer.utils import _CHUNKED_LOGPROB_CHUNK_SIZE

from corpus.errors import DeskError
from corpus.instruct.answers import Answer
from corpus.instruct.pairs import Pair
from corpus.settings.instructions import GrpoSettings
from tests.training.instruct.tiny import SETTINGS, tiny_pairs, with_
from training.entities.fit import batch_share
from training.instruct.base import Base
from training.instruct.budget import (
    advice_of,
    require_grpo_memory,
    require_grpo_tokens,
    require_memory,
    require_tokens,
)
from training.instruct.fit import steps_of
from training.instruct.generate import prompt_ids
from training.instruct.lengths import chat_tokens, fit_lengths, shorten_prompts
from training.instruct.memory import TILE_ENTRIES, TILE_TOKENS, memory_bytes, shape_of
from training.instruct.train import train_instructions


class TestLengths:
    def long(self, base: Base) -> tuple[Pair, int]:
        pair = max(tiny_pairs(), key=lambda p: len(p.text))
        return pair, chat_tokens(pair, base.tokenizer)

    def test_a_long_article_loses_its_end_and_entities_that_stood_there(self, base: Base) -> None:
        pair, length = self.long(base)
        cut = length - 30
        found = fit_lengths([pair], base.tokenizer, cut, "shorten")
        (kept,) = found.pairs
        assert found.shortened == 1
        assert chat_tokens(kept, base.tokenizer) <= cut
        assert pair.text.startswith(kept.text)
        assert kept.answer.entities
        assert len(kept.answer.entities) < len(pair.answer.entities or ())
        assert all(m.text in kept.text for m in kept.answer.entities)

    def test_or_it_is_left_out_or_refused(self, base: Base) -> None:
        pair, length = self.long(base)
        found = fit_lengths([pair], base.tokenizer, length - 1, "leave_out")
        assert (found.pairs, found.left_out) == ((), 1)
        with pytest.raises(DeskError, match=f"{length} tokens, more than {length - 1}"):
            fit_lengths([pair], base.tokenizer, length - 1, "refuse")
        assert fit_lengths([pair], base.tokenizer, length, "refuse").pairs == (pair,)

    def test_no_room_for_the_instruction_is_said(self, base: Base) -> None:
        pair, _ = self.long(base)
        with pytest.raises(DeskError, match="alone need more than 40"):
            fit_lengths([pair], base.tokenizer, 40, "shorten")

    def test_a_prompt_leaves_room_for_the_answer_and_keeps_its_gold(self, base: Base) -> None:
        pair, length = self.long(base)
        (asked,) = shorten_prompts([pair], base.tokenizer, 90, length - 20)
        assert len(asked.text) < len(pair.text)
        assert asked.answer == pair.answer

    def test_an_answer_that_leaves_an_article_no_room_is_refused_before_training(
        self, base: Base, tmp_path: Path
    ) -> None:
        steps: list[int] = []

        def train(room: int, name: str) -> None:
            settings = with_(max_new_tokens=room, max_steps=1, evaluations=1)
            train_instructions(
                tiny_pairs(), base, settings, 1, tmp_path / name, lambda step, _: steps.append(step)
            )

        with pytest.raises(DeskError, match="max_new_tokens is 310, and of the 320") as error:
            train(310, "m")
        assert (steps, list(tmp_path.iterdir())) == ([], [])
        said = re.search(r"max_new_tokens=(\d+) or less", error.value.next_step)
        assert said
        train(int(said[1]), "fits")
        assert steps

    def test_a_prompt_without_room_says_what_would_help(self, base: Base) -> None:
        pair, _ = self.long(base)
        with pytest.raises(DeskError, match="answer of 315 tokens alone need more") as error:
            shorten_prompts([pair], base.tokenizer, 315, 320)
        assert "max_length_tokens" not in error.value.next_step

    @pytest.mark.parametrize("end", ["习近平主席", " 🏑", "🏑🏑🏑"])
    def test_characters_of_several_tokens_are_cut_too(self, base: Base, end: str) -> None:
        pair, _ = self.long(base)
        pair = replace(pair, text=pair.text[:80] + end)
        length = chat_tokens(pair, base.tokenizer)
        asked = len(prompt_ids(pair, base.tokenizer))
        for fewer in range(1, 8):
            (kept,) = fit_lengths([pair], base.tokenizer, length - fewer, "shorten").pairs
            assert chat_tokens(kept, base.tokenizer) <= length - fewer
            (short,) = shorten_prompts([pair], base.tokenizer, 90, asked + 90 - fewer)
            assert len(prompt_ids(short, base.tokenizer)) <= asked - fewer
            assert pair.text.startswith(kept.text)
            assert pair.text.startswith(short.text)

    def test_an_article_of_which_nothing_is_left_is_said(self, base: Base) -> None:
        pair = replace(self.long(base)[0], text="🏑", answer=Answer("Sports", ()))
        length = chat_tokens(pair, base.tokenizer)
        with pytest.raises(DeskError, match=f"alone need more than {length - 1}"):
            fit_lengths([pair], base.tokenizer, length - 1, "shorten")


class TestBudget:
    def test_a_training_over_the_token_budget_is_refused(self) -> None:
        require_tokens(1000, 10, with_(token_budget=1000))
        with pytest.raises(DeskError, match="more than the budget of 500") as error:
            require_tokens(1000, 10, with_(token_budget=500))
        assert "max_steps=5" in error.value.next_step

    def test_too_little_memory_names_what_fits(self, base: Base) -> None:
        shape = shape_of(base.model, 10_000)
        limit = memory_bytes(shape, 2, 320, False) / 1024**3
        with pytest.raises(DeskError, match="of memory") as error:
            require_memory(shape, with_(memory_gb=limit, batch_size=8), 320)
        assert "batch_size=2, accumulation_steps=4" in error.value.next_step
        fits = with_(memory_gb=limit, batch_size=2)
        assert require_memory(shape, fits, 320) <= limit

    def test_of_several_processes_each_holds_its_share(
        self, base: Base, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shape = shape_of(base.model, 10_000)
        limit = memory_bytes(shape, 2, 320, False) / 1024**3
        monkeypatch.setenv("WORLD_SIZE", "4")
        assert require_memory(shape, with_(memory_gb=limit, batch_size=8), 320) <= limit
        with pytest.raises(DeskError, match="of memory") as error:
            require_memory(shape, with_(memory_gb=limit, batch_size=32), 320)
        assert "batch_size=8, accumulation_steps=4" in error.value.next_step

    def test_a_batch_that_processes_cannot_share_equally_is_refused(
        self, base: Base, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("WORLD_SIZE", "3")
        with pytest.raises(DeskError, match="batch_size is 8, and 3 processes") as error:
            train_instructions(tiny_pairs(), base, with_(batch_size=8), 1, tmp_path / "m")
        assert "models.instructions.batch_size=6 or 9" in error.value.next_step
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(DeskError, match="entities") as error:
            batch_share(2, "models.entities.batch_size")
        assert "batch_size=3," in error.value.next_step

    def test_where_nothing_fits_a_smaller_base_is_named(self, base: Base) -> None:
        with pytest.raises(DeskError, match="of memory") as error:
            require_memory(shape_of(base.model, 1), with_(memory_gb=0.1), 320)
        assert "a smaller models.instructions.base" in error.value.next_step

    def test_grpo_over_the_token_budget_is_refused(self) -> None:
        grpo = GrpoSettings(max_steps=10, prompts=2, answers=4)
        few = with_(grpo=grpo, token_budget=10 * 2 * 4 * (100 + SETTINGS.max_new_tokens))
        require_grpo_tokens(few, 100)
        with pytest.raises(DeskError, match="in 10 steps, more than the budget") as error:
            require_grpo_tokens(few, 101)
        assert "models.instructions.grpo.max_steps=9," in error.value.next_step

    def test_grpo_in_too_little_memory_names_its_own_settings(self, base: Base) -> None:
        shape = shape_of(base.model, 10_000)
        many = GrpoSettings(prompts=4, answers=8)
        room = SETTINGS.max_new_tokens
        for at_once, fits in ((8, (1, 8)), (2, (1, 2))):
            limit = memory_bytes(shape, at_once, 300 + room, False) / 1024**3
            with pytest.raises(DeskError, match=r"grpo\.prompts 4 of 300 tokens") as error:
                require_grpo_memory(shape, with_(grpo=many, memory_gb=limit), 300)
            named = "Set models.instructions.grpo.prompts={} and grpo.answers={}".format(*fits)
            assert error.value.next_step.startswith(named)
            assert "max_new_tokens" in error.value.next_step
            assert "batch_size" not in error.value.next_step
            less = GrpoSettings(prompts=fits[0], answers=fits[1])
            assert require_grpo_memory(shape, with_(grpo=less, memory_gb=limit), 300) <= limit
        with pytest.raises(DeskError) as error:
            require_grpo_memory(shape, with_(grpo=many, memory_gb=0.1), 300)
        assert "lower max_new_tokens" in error.value.next_step

    @pytest.mark.parametrize(
        ("batch", "checkpointing", "advice"),
        [
            (8, False, "batch_size=4 and accumulation_steps=4"),
            (3, True, "batch_size=1 and accumulation_steps=6"),
            (1, False, "Set models.instructions.gradient_checkpointing=true."),
            (1, True, "Lower models.instructions.max_length_tokens or lora_rank"),
        ],
    )
    def test_when_memory_did_not_suffice_something_smaller_is_named(
        self, batch: int, checkpointing: bool, advice: str
    ) -> None:
        changed = {"batch_size": batch, "gradient_checkpointing": checkpointing}
        said = advice_of(with_(**changed, accumulation_steps=2))
        assert advice in said
        assert ("batch_size=" in said) == (batch > 1)
        assert ("gradient_checkpointing" in said) != checkpointing

    def test_of_a_large_vocabulary_one_tile_of_scores_counts(self, base: Base) -> None:
        assert (TILE_TOKENS, TILE_ENTRIES) == (TOKEN_CHUNK_SIZE, _CHUNKED_LOGPROB_CHUNK_SIZE)
        shape = shape_of(base.model, 1)
        tile, large = (replace(shape, vocabulary=v) for v in (TILE_ENTRIES, 150_000))
        assert memory_bytes(large, 8, 512, True) == memory_bytes(tile, 8, 512, True)
        one, two = (memory_bytes(large, batch, 4096, True) for batch in (1, 2))
        # The others' scores are not there yet, or no more.
        assert two - one < 2 * TILE_TOKENS * TILE_ENTRIES

    def test_steps_are_those_of_the_epochs_or_fewer(self) -> None:
        assert steps_of(with_(epochs=2, batch_size=4, max_steps=100), 32) == 16
        assert steps_of(with_(epochs=2, batch_size=4, max_steps=10), 32) == 10
        assert steps_of(with_(epochs=2, batch_size=4, accumulation_steps=4), 32) == 4
