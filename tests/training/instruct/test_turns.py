"""Where an answer ends: the token that the base's template writes there, whatever its eos_token."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import AddedToken
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from corpus.errors import DeskError
from tests.training.instruct.tiny import save_tiny, tiny_pairs, with_
from training.instruct.base import Base, load_base
from training.instruct.generate import generate_answers
from training.instruct.merged import write_merged
from training.instruct.tokens import CHAT_TEMPLATE
from training.instruct.train import train_instructions

WRITTEN = '{"topic": "Sports", "entities": []}'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def ending(folder: str, tmp_path: Path) -> Callable[..., str]:
    """A copy of the tiny base whose template ends turns otherwise."""

    def made(end: str, *added: AddedToken) -> str:
        out = tmp_path / "turns"
        tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        tokenizer.add_tokens(list(added))
        tokenizer.chat_template = CHAT_TEMPLATE.replace("eos_token", repr(end))
        model = AutoModelForCausalLM.from_pretrained(folder)
        model.resize_token_embeddings(len(tokenizer))
        model.save_pretrained(out)
        tokenizer.save_pretrained(out)
        return str(out)

    return made


class Dictated:
    """A logits processor that makes a model write this, over and over."""

    def __init__(self, ids: list[int]) -> None:
        self._ids, self._at = ids, 0

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        forced = torch.full_like(scores, float("-inf"))
        forced[:, self._ids[self._at % len(self._ids)]] = 0.0
        self._at += 1
        return forced


def answer(model: Any, base: Base, end: str) -> str:
    ids: Any = base.tokenizer(WRITTEN + end)["input_ids"]
    pairs = tiny_pairs()[:1]
    (found,) = generate_answers(
        model, base.tokenizer, pairs, 3 * len(ids), keep=lambda: Dictated(ids)
    )
    return found


ENDINGS = {
    "a special token": ("<|turn|>\n", AddedToken("<|turn|>", special=True)),
    "one that is not marked so": ("\n<|turn|>\n", AddedToken("<|turn|>", special=False)),
    "text": ("\n", None),
}


@pytest.mark.parametrize("kind", ENDINGS)
def test_an_answer_ends_where_the_templates_turn_ends(
    ending: Callable[..., str], kind: str
) -> None:
    end, token = ENDINGS[kind]
    base = load_base(ending(end, *([token] if token else [])), "a/turn")
    assert answer(base.model, base, end).rstrip("\n") == WRITTEN


def test_adapter_and_merged_model_say_where_answers_end(
    ending: Callable[..., str], tmp_path: Path
) -> None:
    """Whoever loads them asks by plain ``generate``."""
    place = ending("<|turn|>\n", AddedToken("<|turn|>", special=True))
    base = load_base(place, "a/turn")
    turn: Any = base.tokenizer.convert_tokens_to_ids("<|turn|>")
    settings = with_(max_steps=1, evaluations=1)
    trained = train_instructions(tiny_pairs(), base, settings, 1, tmp_path / "adapter")
    assert trained.settings["turn_end"] == "<|turn|>"
    (tmp_path / "merged").mkdir()
    write_merged(
        tmp_path / "adapter", "an/adapter", load_base(place, "a/turn"), tmp_path / "merged"
    )
    for name in ("adapter", "merged"):
        said = GenerationConfig.from_pretrained(tmp_path / name)  # type: ignore[no-untyped-call]
        assert turn in said.eos_token_id
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    assert answer(merged, base, "<|turn|>") == WRITTEN


@pytest.mark.parametrize(
    ("end", "words"), [("", "ends an answer with nothing"), (" ", "ends an answer with nothing")]
)
def test_a_template_that_ends_no_answer_is_refused(
    ending: Callable[..., str], end: str, words: str
) -> None:
    with pytest.raises(DeskError, match=words) as error:
        load_base(ending(end))
    assert "models.instructions.base" in error.value.next_step


def test_an_end_within_the_answers_last_token_is_refused(ending: Callable[..., str]) -> None:
    place = ending(";", AddedToken('"};', special=False))
    with pytest.raises(DeskError, match="no token of its own"):
        load_base(place)


def test_a_template_that_changes_answers_is_refused(folder: str, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "loud")
    file = tmp_path / "loud/chat_template.jinja"
    file.write_text(CHAT_TEMPLATE.replace("message.content", "message.content | upper"))
    with pytest.raises(DeskError, match="as it is given"):
        load_base(str(tmp_path / "loud"))


def test_penalties_of_the_base_change_no_answer(folder: str, tmp_path: Path) -> None:
    """They forbid to write the same keys, or a name, a second time."""
    file = Path(shutil.copytree(folder, tmp_path / "strict")) / "generation_config.json"
    penalties = {
        "repetition_penalty": 1.3, "no_repeat_ngram_size": 2, "min_new_tokens": 5,
        "suppress_tokens": [5], "bad_words_ids": [[6]], "temperature": 0.6,
    }  # fmt: skip
    file.write_text(json.dumps(json.loads(file.read_text()) | penalties))
    strict, plain = (load_base(place, "a/tiny") for place in (str(file.parent), folder))
    left = strict.model.generation_config.to_diff_dict()
    assert not penalties.keys() & left.keys()
    answers = [
        generate_answers(b.model, b.tokenizer, tiny_pairs()[:6], 40) for b in (strict, plain)
    ]
    assert answers[0] == answers[1]
