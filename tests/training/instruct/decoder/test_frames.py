"""What all chats have in common is one token each, a topic one with what stands before it."""

import json
from pathlib import Path

import pytest
import torch

from corpus.instruct.answers import Answer, Mention, Questions, to_json
from corpus.instruct.pairs import pair
from tests.training.instruct.decoder.sample import begun, sample_pairs, told, told_with
from training.instruct.base import Base, load_base
from training.instruct.decoder import make_decoder
from training.instruct.frames import frames_of
from training.instruct.generate import prompt_ids


def pieces(base: Base, text: str) -> list[str]:
    return [str(base.tokenizer.decode([i])) for i in base.tokenizer(text)["input_ids"]]


def test_an_answer_is_frames_names_and_types(base: Base) -> None:
    one = Answer("Sci/Tech", (Mention("Ada", "person"), Mention("Wexmoor", "organization")))
    found = pieces(base, to_json(one))
    frames = frames_of(sample_pairs()[0].questions)
    assert len(base.tokenizer(frames.system)["input_ids"]) == 1
    assert [piece for piece in found if piece in frames.all()] == [
        '{"topic": "Sci/Tech"',
        ', "entities": [{"text": "',
        '", "type": "',
        '"}, {"text": "',
        '", "type": "',
        '"}]}',
    ]
    assert "".join(found) == to_json(one)
    assert pieces(base, to_json(Answer("World", ()))) == ['{"topic": "World"', ', "entities": []}']


def test_it_knows_whether_a_name_or_a_type_is_being_written(base: Base) -> None:
    """So that a name ends with its type, and only a type is followed by the next name."""
    frames = frames_of(sample_pairs()[0].questions)
    places = base.tokenizer.get_vocab()
    right = tried = 0
    for one in sample_pairs()[:10]:
        for number in range(len(one.answer.entities or ())):
            named = (one.answer.entities or ())[number]
            for answer, follows, does_not in (
                (f"{told(one, number)}{named.text}", frames.kind, frames.more),
                (told_with(one, number), frames.more, frames.kind),
            ):
                with torch.no_grad():
                    ids = torch.tensor([begun(base, one, answer)])
                    logits = base.model(input_ids=ids).logits[0, -1]
                right += bool(logits[places[follows]] > logits[places[does_not]])
                tried += 1
    assert tried >= 40
    assert right / tried > 0.9


def test_every_right_answer_comes_back_as_it_was(base: Base) -> None:
    for one in sample_pairs()[:40]:
        ids = begun(base, one, to_json(one.answer))[len(prompt_ids(one, base.tokenizer)) :]
        assert base.tokenizer.decode(ids, skip_special_tokens=True) == to_json(one.answer)


@pytest.mark.parametrize(
    ("questions", "answer"),
    [
        (Questions(("A", "B")), Answer("B", None)),
        (Questions((), ("person",)), Answer(None, (Mention("Ada", "person"),))),
        (Questions((), ("person",)), Answer(None, ())),
        (
            Questions(('The "new" Öl', "a\\b"), ("§ ¤",)),
            Answer('The "new" Öl', (Mention("Ada", "§ ¤"),) * 2),
        ),
    ],
)
def test_a_desk_may_ask_one_question_and_call_labels_what_it_likes(
    questions: Questions, answer: Answer, tmp_path: Path
) -> None:
    chats = [pair(str(i), f"Ada is {i}.", answer, "train", questions) for i in range(8)]
    make_decoder(lambda: chats, 1, tmp_path / "base")
    made = load_base(str(tmp_path / "base"), "a/base")
    ids = begun(made, chats[0], to_json(answer))[len(prompt_ids(chats[0], made.tokenizer)) :]
    said = made.tokenizer.decode(ids, skip_special_tokens=True)
    assert json.loads(said) == json.loads(to_json(answer))
    assert len(ids) <= 16
