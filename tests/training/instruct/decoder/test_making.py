"""The offline decoder as a whole: its words, its attention, and odd articles."""

from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from transformers import LlamaConfig, LlamaModel

from corpus.instruct.answers import Answer, Mention
from corpus.instruct.pairs import pair
from tests.training.instruct.decoder.sample import (
    CLEAR,
)
from tests.training.instruct.tiny import tiny_pairs
from training.encoder import OFFLINE, encoder_path
from training.instruct.base import Base, load_base
from training.instruct.decoder import make_decoder
from training.instruct.heads import HEAD, HEADS, balance
from training.instruct.stream import STREAM
from training.instruct.tokens import CONTEXT
from training.instruct.weights import weights_digest


def test_all_tokens_are_equally_long(base: Base) -> None:
    """Else RMSNorm would make a longer one less of everything."""
    lengths = base.model.model.embed_tokens.weight.detach().norm(dim=1)
    assert float(lengths.max() - lengths.min()) < 1e-4


def test_balanced_attention_is_the_same_attention() -> None:
    """Only what an adapter can break is spread evenly."""
    generator = torch.Generator().manual_seed(0)
    config = LlamaConfig(
        hidden_size=5 * HEADS, num_attention_heads=HEADS, num_key_value_heads=HEADS, head_dim=HEAD,
        attention_bias=True, num_hidden_layers=1, vocab_size=16, intermediate_size=8,
    )  # fmt: skip
    model = LlamaModel(config).eval()
    attention = model.layers[0].self_attn
    ids = torch.tensor([[1, 2, 3, 4, 5]])
    with torch.no_grad():
        for part in (attention.q_proj, attention.k_proj, attention.v_proj):
            part.bias.copy_(torch.randn(part.bias.shape, generator=generator))
        attention.q_proj.weight *= 30
        attention.o_proj.weight *= 8
        before = model(input_ids=ids).last_hidden_state
        balance(attention)
        after = model(input_ids=ids).last_hidden_state
    assert torch.allclose(before, after, atol=1e-4)
    q, k, v = (
        torch.cat([part.weight, part.bias[:, None]], dim=1).norm()
        for part in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    assert float(q / k) == pytest.approx(1.0, abs=0.2)
    assert float(v / attention.o_proj.weight.norm()) == pytest.approx(1.0, abs=0.2)


def test_it_reads_left_to_right(base: Base) -> None:
    ids = base.tokenizer("Ada Okafor scored twice.", return_tensors="pt")["input_ids"]
    other = ids.clone()
    other[0, -1] = (ids[0, -1] + 1) % len(base.tokenizer)
    with torch.no_grad():
        ours, theirs = (base.model(input_ids=i).logits[0, :-1] for i in (ids, other))
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_a_word_is_near_where_minilm_has_it_near(base: Base) -> None:
    from transformers import AutoModel, AutoTokenizer

    reader = AutoTokenizer.from_pretrained(encoder_path(OFFLINE))
    source = AutoModel.from_pretrained(encoder_path(OFFLINE)).embeddings.word_embeddings.weight
    ours = base.model.model.embed_tokens.weight[:, STREAM.word]
    some = ["bank", "profits", "cup", "final", "shares", "match", "court", "minister", "rocket"]
    words = [word for word in some if len(base.tokenizer(f" {word}")["input_ids"]) == 1]
    assert len(words) >= 5
    theirs = source[reader.convert_tokens_to_ids(words)] - source.mean(dim=0)
    mine = ours[[base.tokenizer(f" {word}")["input_ids"][0] for word in words]]

    def cosines(rows: torch.Tensor) -> torch.Tensor:
        unit = rows / rows.norm(dim=1, keepdim=True)
        return (unit @ unit.T)[torch.triu_indices(len(words), len(words), 1).unbind()]

    both = torch.stack([cosines(mine), cosines(theirs)])
    assert torch.corrcoef(both)[0, 1] > 0.5


def test_texts_come_back_byte_for_byte(base: Base) -> None:
    for text in ("Ada  Okafor\n🏑 Übersee", ' {"topic": "Sports"}'):
        assert base.tokenizer.decode(base.tokenizer(text)["input_ids"]) == text


def test_a_very_long_article_costs_no_more_than_its_beginning(tmp_path: Path) -> None:
    long = "Ada Okafor scored twice in Geneva on Monday. " * 2000
    named = Answer("World", (Mention("Ada Okafor", "person"),))
    pairs = [pair(str(i), f"{i} {long}", named, "train", CLEAR) for i in range(3)]
    read: list[int] = []
    fitted: list[int] = []
    fit = LogisticRegression.fit

    def sized(self: LogisticRegression, features: Any, *rest: Any) -> Any:
        fitted.append(len(features))
        return fit(self, features, *rest)

    plain = LlamaModel.forward

    def counted(self: LlamaModel, input_ids: torch.Tensor, **rest: Any) -> Any:
        read.append(input_ids.shape[1])
        return plain(self, input_ids, **rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LlamaModel, "forward", counted)
        patch.setattr(LogisticRegression, "fit", sized)
        make_decoder(lambda: pairs, 1, tmp_path / "base")
    assert read
    assert fitted
    assert max(fitted) <= len(pairs) * CONTEXT
    assert max(read) <= CONTEXT


@pytest.mark.parametrize("texts", [["Ada Okafor scored twice."], ["Same."] * 3, [""]])
def test_articles_that_do_not_differ_make_a_base_too(texts: list[str], tmp_path: Path) -> None:
    pairs = [pair(str(i), t, Answer("World", ()), "train", CLEAR) for i, t in enumerate(texts)]
    make_decoder(lambda: pairs, 1, tmp_path / "base")
    model = load_base(str(tmp_path / "base"), "a/base").model
    assert all(bool(torch.isfinite(part).all()) for part in model.parameters())
    assert max(float(part.abs().max()) for part in model.parameters()) < 1000


def test_the_same_chats_and_seed_give_the_same_weights(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_decoder(tiny_pairs, seed, tmp_path / name)
    a, b, c = (weights_digest(tmp_path / name) for name in "abc")
    assert a == b != c
