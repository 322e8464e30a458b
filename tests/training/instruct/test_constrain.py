"""Constrained answers in all scripts: what gold says, a model may write, whatever its tokenizer."""

import json
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from corpus.errors import DeskError
from corpus.instruct.answers import Answer, Mention, Questions, to_json
from tests.training.instruct.decoder.sample import CLEAR, sample_pairs
from tests.training.instruct.tiny import tiny_tokenizer
from training.instruct.constrain import AnswerTokens
from training.instruct.token_bytes import token_bytes
from training.instruct.tokens import chat_tokenizer

NAMES = (
    "Ada Obi", "Łódź", "Şişli", "東京", "Владимир", "Zoë", "naïve “Q”", "€uro", "😀 Band",
    "Đà Nẵng", "नई दिल्ली", "الرياض", "Cafe\u0301", "\ufffd",
)  # fmt: skip
LABELS = Questions(("Fútbol ⚽", "Świat"), ("człowiek", "場所"))


def byte_fallback() -> PreTrainedTokenizerBase:
    """As of Llama 2: characters that are not ASCII fall into bytes."""
    pieces = ["<unk>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    pieces += [chr(c) for c in range(0x21, 0x7F)]
    bare = Tokenizer(
        models.BPE(
            vocab={piece: i for i, piece in enumerate(pieces)}, merges=[], unk_token="<unk>",
            byte_fallback=True,
        )
    )  # fmt: skip
    bare.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    bare.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
         decoders.Strip(" ", 1, 0)]
    )  # fmt: skip
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=bare, eos_token="</s>", unk_token="<unk>"
    )


TOKENIZERS = {
    "byte-level": tiny_tokenizer,
    "byte fallback": byte_fallback,
    "offline decoder": lambda: chat_tokenizer(sample_pairs),
}


@pytest.fixture(scope="module", params=TOKENIZERS)
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerBase:
    return TOKENIZERS[request.param]()


def forbidden(answers: AnswerTokens, tokenizer: PreTrainedTokenizerBase, answer: Answer) -> str:
    """The first token of the answer that may not be written; empty where all of them may."""
    written: Any = tokenizer(to_json(answer), add_special_tokens=False)["input_ids"]
    # Within a chat no blank is put before an answer.
    blank = tokenizer.convert_tokens_to_ids("▁")
    ids, state = written[1:] if written[0] == blank else written, answers.first
    for i in ids:
        choice = answers.choice(state)
        if choice is None or i not in choice.tokens.tolist():
            return str(tokenizer.convert_ids_to_tokens(i))
        state = answers.next_state(state, i)
    return "" if answers.choice(state) is None else "the end"


def test_names_of_all_scripts_may_be_written(tokenizer: PreTrainedTokenizerBase) -> None:
    answers = AnswerTokens(tokenizer, CLEAR)
    said = {n: Answer("World", (Mention(n, "person"), Mention("X", "person"))) for n in NAMES}
    assert {n: forbidden(answers, tokenizer, a) for n, a in said.items()} == dict.fromkeys(
        NAMES, ""
    )


def test_labels_of_all_scripts_may_be_written(tokenizer: PreTrainedTokenizerBase) -> None:
    answers = AnswerTokens(tokenizer, LABELS)
    for topic in LABELS.topics:
        said = Answer(topic, tuple(Mention("Łódź", kind) for kind in LABELS.types))
        assert forbidden(answers, tokenizer, said) == ""


def test_tokens_write_the_bytes_of_their_text(tokenizer: PreTrainedTokenizerBase) -> None:
    written = {i: part for part, numbers in token_bytes(tokenizer).items() for i in numbers}
    for name in NAMES:
        ids: Any = tokenizer(f".{name}", add_special_tokens=False)["input_ids"]
        assert b"".join(written[i] for i in ids).decode().strip() == f".{name}"


def test_a_label_that_cannot_be_written_is_named() -> None:
    bare: Any = json.loads(tiny_tokenizer().backend_tokenizer.to_str())
    merged = {piece for pair in bare["model"]["merges"] for piece in ("".join(pair), *pair)}
    kept = [p for p in bare["model"]["vocab"] if p in merged or p.isascii()]
    bare["model"]["vocab"] = {piece: i for i, piece in enumerate(kept)}
    bare["added_tokens"] = []
    poor = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=Tokenizer.from_str(json.dumps(bare)), eos_token="<|end|>"
    )
    with pytest.raises(DeskError, match="lacks '⚽'") as error:
        AnswerTokens(poor, Questions(("⚽",), ()))
    assert "constrained=false" in error.value.next_step
