"""The offline decoder: words of the desk, and heads that can copy before anything is learned."""

from pathlib import Path

import pytest
import torch

from corpus.instruct.pairs import Pair
from tests.training.instruct.tiny import tiny_pairs
from training.encoder import OFFLINE, encoder_path
from training.instruct.base import Base, load_base
from training.instruct.decoder import make_decoder
from training.instruct.generate import prompt_ids
from training.instruct.heads import STREAM
from training.instruct.weights import weights_digest


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    folder = tmp_path_factory.mktemp("decoder") / "base"
    make_decoder(tiny_pairs, 1, folder)
    found = load_base(str(folder), "a/base")
    found.model.set_attn_implementation("eager")
    return found


def begun(base: Base, pair: Pair, answer: str) -> list[int]:
    """The chat up to here."""
    ids: list[int] = base.tokenizer(answer)["input_ids"]
    return prompt_ids(pair, base.tokenizer) + ids


@torch.no_grad()
def attended(base: Base, ids: list[int], layer: int, head: int) -> torch.Tensor:
    """(to, from): how much each token attends to each."""
    seen = base.model(input_ids=torch.tensor([ids]), output_attentions=True)
    weights: torch.Tensor = seen.attentions[layer][0, head]
    return weights


def test_the_first_layer_looks_back_one(base: Base) -> None:
    ids = begun(base, tiny_pairs()[0], '{"topic": "')
    weights = attended(base, ids, 0, 0)
    assert [int(row.argmax()) for row in weights[1:]] == list(range(len(ids) - 1))
    assert weights[20, 19] > 0.9


def test_it_knows_whose_turn_it_is(base: Base) -> None:
    ids = begun(base, tiny_pairs()[0], '{"topic": "')
    assistant = base.tokenizer.convert_tokens_to_ids("<|assistant|>")
    with torch.no_grad():
        seen = base.model(input_ids=torch.tensor([ids]), output_hidden_states=True)
    turn = seen.hidden_states[1][0, :, STREAM.turn.start : STREAM.turn.start + 2]
    at = ids.index(assistant)
    assert turn[at - 1].tolist() == pytest.approx([1.0, 0.0], abs=0.05)
    assert turn[-1].tolist() == pytest.approx([1.0, 1.0], abs=0.05)


def test_what_followed_a_word_in_the_article_is_proposed(base: Base) -> None:
    """Of a name that was begun the rest, without any training."""
    hits = tried = 0
    for pair in tiny_pairs()[:12]:
        ids = prompt_ids(pair, base.tokenizer)
        name: list[int] = base.tokenizer(" Okafor scored twice as Wexmoor")["input_ids"]
        if pair.answer.topic != "Sports" or "Okafor scored twice as Wexmoor" not in pair.text:
            continue
        with torch.no_grad():
            logits = base.model(input_ids=torch.tensor([ids + name])).logits[0]
        said = logits[len(ids) : -1].argmax(dim=-1).tolist()
        hits += sum(s == n for s, n in zip(said, name[1:], strict=True))
        tried += len(name) - 1
    assert tried >= 3
    # By chance one of some 500.
    assert hits / tried >= 0.5


def test_names_that_were_not_said_are_proposed(base: Base) -> None:
    """Before an entity the third layer looks at capitals, and no longer at one that was said."""
    pair = tiny_pairs()[0]
    first = begun(base, pair, '{"topic": "Sports", "entities": [{"text": "')
    before = attended(base, first, 2, 0)[-1]
    capital = sum(
        float(weight)
        for weight, token in zip(before, first, strict=True)
        if base.tokenizer.decode([token]).strip()[:1].isupper()
    )
    assert capital > 0.5
    at = int(before.argmax())
    more: list[int] = base.tokenizer('", "type": "person"}, {"text": "')["input_ids"]
    after = attended(base, [*first, first[at], *more], 2, 0)[-1]
    assert after[at] < 0.5 * before[at]


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
    words = ["bank", "profits", "cup", "final", "shares"]
    theirs = source[reader.convert_tokens_to_ids(words)] - source.mean(dim=0)
    mine = ours[[base.tokenizer(f" {word}")["input_ids"][0] for word in words]]

    def cosines(rows: torch.Tensor) -> torch.Tensor:
        unit = rows / rows.norm(dim=1, keepdim=True)
        return (unit @ unit.T)[torch.triu_indices(len(words), len(words), 1).unbind()]

    both = torch.stack([cosines(mine), cosines(theirs)])
    assert torch.corrcoef(both)[0, 1] > 0.7


def test_texts_come_back_byte_for_byte(base: Base) -> None:
    for text in ("Ada  Okafor\n🏑 Übersee", ' {"topic": "Sports"}'):
        assert base.tokenizer.decode(base.tokenizer(text)["input_ids"]) == text


def test_the_same_chats_and_seed_give_the_same_weights(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_decoder(tiny_pairs, seed, tmp_path / name)
    a, b, c = (weights_digest(tmp_path / name) for name in "abc")
    assert a == b != c
