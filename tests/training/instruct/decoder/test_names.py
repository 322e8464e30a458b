"""Which name is next, whether one is left, and when a list ends."""

import statistics

import torch

from corpus.instruct.answers import places
from corpus.instruct.pairs import Pair
from tests.training.instruct.decoder.sample import (
    attended,
    begun,
    sample_pairs,
    stream,
    told,
    told_with,
)
from training.instruct.base import Base
from training.instruct.stream import STREAM


def proposed(base: Base, pair: Pair, number: int) -> str:
    """The word that the third layer most attends to there."""
    ids = begun(base, pair, told(pair, number))
    at = int(attended(base, ids, 2, 0)[-1].argmax())
    return str(base.tokenizer.decode([ids[at]])).strip()


def test_names_that_were_not_said_are_proposed(base: Base) -> None:
    """Before an entity the third layer looks at a name, and not at one that was said."""
    again = capital = tried = 0
    for one in sample_pairs()[:30]:
        names = one.answer.entities or ()
        for number in range(1, len(names)):
            word = proposed(base, one, number)
            again += any(word in said.text for said in names[:number])
            capital += word[:1].isupper()
            tried += 1
    assert tried >= 50
    assert capital / tried > 0.6
    # One that always looks at the first would say it again in nearly all.
    assert again / tried < 0.3


def test_names_come_in_the_order_of_the_article(base: Base) -> None:
    """Among some ten capitalised words an article has, the next name's own is found often."""
    hits = tried = 0
    for one in sample_pairs()[:30]:
        for number, said in enumerate(one.answer.entities or ()):
            hits += said.text.startswith(proposed(base, one, number))
            tried += 1
    assert tried >= 80
    assert hits / tried > 0.35


def test_it_knows_whether_a_name_is_left(base: Base) -> None:
    """After the last name more than after the first, in most articles."""
    more = tried = 0
    for one in sample_pairs()[:40]:
        names = one.answer.entities or ()
        if len(names) < 3:
            continue
        first, last = (
            float(stream(base, begun(base, one, told_with(one, n)), STREAM.none_left, 3)[-1])
            for n in (0, len(names) - 1)
        )
        more += last > first
        tried += 1
    assert tried >= 20
    assert more / tried > 0.6


def test_room_shrinks_as_an_answer_is_written(base: Base) -> None:
    one = next(p for p in sample_pairs() if len(p.answer.entities or ()) >= 4)
    room = [float(stream(base, begun(base, one, told(one, n)), STREAM.room)[-1]) for n in range(4)]
    assert room == sorted(room, reverse=True)
    assert room[3] < 0.8 * room[0]


def test_a_list_ends_rather_where_little_room_is(base: Base) -> None:
    """Of the two tokens that differ in what knows of ends, before anything is learned.

    Whether a name is left tells too, so an article may now and then be an exception.
    """
    tokens = base.tokenizer.convert_tokens_to_ids(['"}]}', '"}, {"text": "'])
    more = tried = 0
    for one in [p for p in sample_pairs() if len(p.answer.entities or ()) >= 4][:40]:
        first, last = (
            _rather_ends(base, begun(base, one, told_with(one, n)), tokens) for n in (0, 3)
        )
        more += last > first
        tried += 1
    assert tried >= 30
    assert more / tried > 0.9


@torch.no_grad()
def _rather_ends(base: Base, ids: list[int], tokens: list[int]) -> float:
    logits = base.model(input_ids=torch.tensor([ids])).logits[0, -1, tokens]
    return float(logits[0] - logits[1])


def test_what_was_said_is_added_up(base: Base) -> None:
    """The sum of the names' codes, not their mean: the first is as much of it as before."""
    shares: dict[int, list[float]] = {1: [], 3: []}
    for one in [p for p in sample_pairs() if len(p.answer.entities or ()) >= 4][:12]:
        first = base.tokenizer((one.answer.entities or ())[0].text)["input_ids"][0]
        code = base.model.model.embed_tokens.weight[first, STREAM.code].detach()
        for said, found in shares.items():
            seen = stream(base, begun(base, one, told(one, said)), STREAM.said)[-1]
            found.append(float(seen @ code))
    assert statistics.mean(shares[1]) > 0.15
    assert statistics.mean(shares[3]) > 0.6 * statistics.mean(shares[1])


def test_the_last_name_is_at_hand_for_its_type(base: Base) -> None:
    one = sample_pairs()[0]
    name = (one.answer.entities or ())[1].text
    asked = begun(base, one, f'{told(one, 1)}{name}", "type": "')
    weights = attended(base, asked, 2, 3)[-1]
    length = len(base.tokenizer(f'{name}", "type": "')["input_ids"])
    assert float(weights[-length:].sum()) > 0.7


def test_a_head_rests_where_something_else_is_asked(base: Base) -> None:
    one = sample_pairs()[0]
    answers = {"topic": "", "text": told(one, 1), "type": f'{told(one, 1)}A", "type": "'}
    heads = {"topic": 2, "text": 0, "type": 3}
    user = base.tokenizer.convert_tokens_to_ids("<|user|>")
    for answered, answer in answers.items():
        ids = begun(base, one, answer)
        rests = {
            key: float(attended(base, ids, 2, head)[-1, ids.index(user)])
            for key, head in heads.items()
        }
        assert rests.pop(answered) < 0.1
        assert min(rests.values()) > 0.9


def test_names_are_found_where_words_have_no_blanks_between_them() -> None:
    assert list(places("习近平", "国家主席习近平说")) == [4]
    assert list(places("Ann", "Annual Ann, Joann")) == [7]
