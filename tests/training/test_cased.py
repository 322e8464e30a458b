"""An uncased encoder that is given case: the same tokens, more shapes, a plain model at the end."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForTokenClassification, AutoTokenizer

from training.encoder import encoder_path
from training.entities.cased import (
    TITLE,
    UPPER,
    CasedTokenizer,
    ShapedEmbedding,
    bake_embeddings,
    cased_tokenizer,
    shape_embeddings,
)
from training.entities.predict import EntityModel
from training.entities.save import save

MAX_MB = 150
LETTERS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzäéñßøłбяσω", min_size=1, max_size=12)


@pytest.fixture(scope="module")
def original() -> Any:
    return AutoTokenizer.from_pretrained(encoder_path("offline"))


@pytest.fixture(scope="module")
def cased(original: Any) -> CasedTokenizer:
    found = cased_tokenizer(original)
    assert found is not None
    return found


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60))
def test_lower_cased_text_gives_the_tokens_of_the_original(
    original: Any, cased: CasedTokenizer, text: str
) -> None:
    lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text if c.isprintable())
    # What Unicode has no lower form for, such as mathematical capitals, keeps its own.
    found, wanted = (t(lower, return_offsets_mapping=True) for t in (cased.tokenizer, original))
    assert [cased.lower_of[i] for i in found["input_ids"]] == wanted["input_ids"]
    assert found["offset_mapping"] == wanted["offset_mapping"]


@settings(max_examples=150, deadline=None)
@given(words=st.lists(LETTERS, min_size=1, max_size=6))
def test_title_words_are_cut_as_lower_words(
    original: Any, cased: CasedTokenizer, words: list[str]
) -> None:
    text = " ".join(word[0].upper() + word[1:] for word in words if len(word[0].upper()) == 1)
    found = cased.tokenizer(text)["input_ids"]
    assert [cased.lower_of[i] for i in found] == original(text)["input_ids"]


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=40))
def test_case_makes_nothing_unknown(original: Any, cased: CasedTokenizer, text: str) -> None:
    unknown = [t(text)["input_ids"].count(t.unk_token_id) for t in (cased.tokenizer, original)]
    assert unknown[0] <= unknown[1]


def test_shapes_of_words(cased: CasedTokenizer) -> None:
    tokenizer = cased.tokenizer
    ids = tokenizer.convert_tokens_to_ids(["obama", "Obama", "NATO", "##ing", "##ING", "A"])
    assert None not in ids
    assert tokenizer.unk_token_id not in ids
    assert [cased.shape_of[i] for i in ids] == [0, TITLE, UPPER, 0, UPPER, TITLE]
    assert tokenizer.tokenize("Obama met NATO in the US") == [
        "Obama",
        "met",
        "NATO",
        "in",
        "the",
        "US",
    ]


def test_accents_fall_as_before_and_offsets_stay(cased: CasedTokenizer, original: Any) -> None:
    text = "ÉCOLE Jose\u0301 Łódź\r\n\u00a0İstanbul 🎉 Åse"
    found, wanted = (
        t(text, return_offsets_mapping=True)["offset_mapping"] for t in (cased.tokenizer, original)
    )
    assert {s for s, _ in wanted} <= {s for s, _ in found}


def test_a_cased_encoder_keeps_its_tokenizer(tiny_encoders: dict[str, str]) -> None:
    for name, folder in tiny_encoders.items():
        found = cased_tokenizer(AutoTokenizer.from_pretrained(folder))
        assert (found is not None) == (name == "uncased"), name


def test_what_is_saved_is_plain_equal_and_small(
    cased: CasedTokenizer, tmp_path: Path, original: Any
) -> None:
    path = encoder_path("offline")
    model = AutoModelForTokenClassification.from_pretrained(path, num_labels=3).eval()
    shape_embeddings(model, cased)
    shaped = model.get_input_embeddings()
    assert isinstance(shaped, ShapedEmbedding)
    torch.nn.init.normal_(shaped.shapes)
    batch = cased.tokenizer(["Obama met NATO", "in Rome's McDonald"], padding=True)
    inputs = {name: torch.tensor(batch[name]) for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        trained = model(**inputs).logits
        bake_embeddings(model, cased.tokenizer.pad_token_id)
        assert torch.equal(model(**inputs).logits, trained)
    save(EntityModel(model, cased.tokenizer, ("a",)), tmp_path)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert config["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert sum(f.stat().st_size for f in tmp_path.glob("*.safetensors")) < MAX_MB * 1e6
    loaded = AutoModelForTokenClassification.from_pretrained(tmp_path).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer(["Obama met NATO", "in Rome's McDonald"])["input_ids"] == [
        [i for i in row if i != cased.tokenizer.pad_token_id] for row in batch["input_ids"]
    ]
    with torch.no_grad():
        assert torch.equal(loaded(**inputs).logits, trained)


def test_the_row_of_lower_case_is_never_learned() -> None:
    shaped = ShapedEmbedding(torch.ones(3, 4), [0, 1, 2, 1], [0, 0, 0, TITLE])
    shaped(torch.tensor([0, 1, 3])).sum().backward()
    assert shaped.weight.grad is None
    assert shaped.shapes.grad is not None
    assert shaped.shapes.grad[0].abs().sum() == 0
    assert shaped.shapes.grad[TITLE].abs().sum() > 0
