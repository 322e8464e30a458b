"""Tokens before, turns, and what is copied from the article."""

from pathlib import Path

import pytest
import torch

from corpus.instruct.answers import Answer, Questions
from corpus.instruct.pairs import pair
from tests.training.instruct.decoder.sample import (
    ARTICLES,
    CLEAR,
    attended,
    begun,
    sample_pairs,
)
from training.instruct.base import Base, load_base
from training.instruct.decoder import make_decoder
from training.instruct.generate import prompt_ids
from training.instruct.stream import STREAM


def test_the_first_layer_looks_back_one(base: Base) -> None:
    ids = begun(base, sample_pairs()[0], '{"topic": "')
    weights = attended(base, ids, 0, 0)
    assert [int(row.argmax()) for row in weights[1:]] == list(range(len(ids) - 1))
    assert weights[20, 19] > 0.9


def test_it_knows_whose_turn_it_is(base: Base) -> None:
    ids = begun(base, sample_pairs()[0], '{"topic": "')
    assistant = base.tokenizer.convert_tokens_to_ids("<|assistant|>")
    with torch.no_grad():
        seen = base.model(input_ids=torch.tensor([ids]), output_hidden_states=True)
    turn = seen.hidden_states[1][0, :, STREAM.turn.start : STREAM.turn.start + 2]
    at = ids.index(assistant)
    assert turn[at - 1].tolist() == pytest.approx([1.0, 0.0], abs=0.1)
    assert turn[-1].tolist() == pytest.approx([0.0, 1.0], abs=0.1)


def test_what_followed_a_word_in_the_article_is_proposed(base: Base) -> None:
    """Of a name that was begun the rest, without any training."""
    hits = tried = 0
    for one in sample_pairs()[:20]:
        for said in one.answer.entities or ():
            ids = prompt_ids(one, base.tokenizer)
            name: list[int] = base.tokenizer(said.text)["input_ids"]
            with torch.no_grad():
                logits = base.model(input_ids=torch.tensor([ids + name])).logits[0]
            best = logits[len(ids) : -1].argmax(dim=-1).tolist()
            hits += sum(b == n for b, n in zip(best, name[1:], strict=True))
            tried += len(name) - 1
    assert tried >= 50
    # By chance one of some thousands.
    assert hits / tried >= 0.3


def test_of_places_where_a_piece_stands_the_one_with_the_same_piece_before_it(base: Base) -> None:
    """What is before "of" decides which name goes on after it."""
    names = ("Mi of Wick", "Lu of Tell", "Po of Finch")
    text = "; ".join(names)
    one = pair("x", text, Answer("World", ()), "train", CLEAR)
    for name in names:
        begin, middle, _ = name.split()
        ids = begun(base, one, f'{{"topic": "World", "entities": [{{"text": "{begin} {middle}')
        at = int(attended(base, ids, 1, 0)[-1].argmax())
        before = str(base.tokenizer.decode(ids[:at]))
        assert before.endswith(f"{begin} {middle}"), name


def test_a_name_has_the_same_pieces_after_a_blank_and_after_a_quotation_mark(base: Base) -> None:
    for name in ("Zhirvan Qasr-Nuwar", "Übersee", "McDonald"):
        after_blank, after_mark = (
            [t.strip() for t in map(base.tokenizer.decode, base.tokenizer(text)["input_ids"])]
            for text in (f"at {name}", f'"{name}')
        )
        assert after_blank[1:] == after_mark[1:]


def test_a_type_is_followed_by_nothing_of_the_article_and_a_name_is(tmp_path: Path) -> None:
    """Types that are written like names begin names too."""
    text = "The Event Horizon left. It was an event that pleased all."
    for kind, copies in (("event", False), ("Event", True)):
        asked = Questions(("World",), (kind,))
        many = [pair(str(i), text, Answer("World", ()), "train", asked) for i in range(40)]
        make_decoder(lambda chats=many: chats, 1, tmp_path / kind)
        made = load_base(str(tmp_path / kind), "a/base")
        made.model.set_attn_implementation("eager")
        answer = f'{{"topic": "World", "entities": [{{"text": "A", "type": "{kind}'
        ids = begun(made, many[0], answer)
        at = ids[int(attended(made, ids, 1, 0)[-1].argmax())]
        assert (at != made.tokenizer.convert_tokens_to_ids("<|user|>")) is copies


def test_pieces_of_characters_are_told_apart(base: Base) -> None:
    """They read alike, as no character at all."""
    embeddings = base.model.model.embed_tokens.weight.detach()
    pieces = {i for sign in "ŁóдЖ" for i in base.tokenizer(sign)["input_ids"]}
    assert len(pieces) >= 5
    codes = embeddings[sorted(pieces)][:, STREAM.code]
    assert float(torch.pdist(codes).min()) > 0.5


def test_words_in_capitals_are_few_pieces(base: Base) -> None:
    """Letters repeat within a word, so what is copied by two of them goes astray."""
    texts = [p.text.upper() for p in sample_pairs(ARTICLES, ARTICLES + 20)]
    words = [word for text in texts for word in text.split() if word.isalpha()]
    pieces = [len(base.tokenizer(word)["input_ids"]) for word in words]
    assert len(words) > 500
    # Where capitals are only learned as they stand in the articles, 3.0.
    assert sum(pieces) / len(pieces) < 2.6
