"""Answers: constrained to their schema, scored against gold, rewarded by it."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model

from corpus.errors import DeskError
from corpus.instruct.answers import (
    Answer,
    Mention,
    Questions,
    ReadAnswer,
    answer_labels,
    read_answer,
    to_json,
)
from tests.training.instruct.tiny import CONTEXT, QUESTIONS, SETTINGS, save_tiny, tiny_pairs
from training.evaluation import score_topics
from training.evaluation.answers import invented_names, score_answers
from training.instruct import perplexity
from training.instruct.ask import ask, write_answers
from training.instruct.base import Base, load_base
from training.instruct.constrain import AnswerTokens, KeepSchema, answer_pattern, tokens_to_end
from training.instruct.generate import chat_ids, generate_answers, prompt_ids
from training.instruct.perplexity import surprises
from training.instruct.rewards import WEIGHTS, gold_column, rewards_of
from training.instruct.train import train_instructions

ADA, WEX = Mention("Ada Okafor", "person"), Mention("Wexmoor", "location")
GOLD = Answer("Sports", (ADA, WEX))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """It was never trained: by itself it writes nothing that anybody could read."""
    return load_base(save_tiny(tmp_path_factory.mktemp("tiny")))


def read(answer: Answer) -> ReadAnswer:
    return read_answer(to_json(answer), QUESTIONS)


class TestWriting:
    def test_unconstrained_noise_is_no_answer_and_constrained_it_is_one(self, base: Base) -> None:
        pairs = tiny_pairs(Questions(("Sports", "Business")))[:6]
        written = {
            constrained: ask(
                base.model, base, pairs, SETTINGS.model_copy(update={"constrained": constrained})
            )
            for constrained in (False, True)
        }
        topics = pairs[0].questions
        assert all(read_answer(w, topics).answer is None for w, _ in written[False])
        answers = [read_answer(w, topics).answer for w, _ in written[True]]
        assert all(answer is not None and answer.topic in topics.topics for answer in answers)

    @pytest.mark.parametrize(
        "answer",
        [
            GOLD,
            Answer("Sports", ()),
            Answer(
                "Business", (Mention('Say "so"\\now', "person"), Mention("Übersee 🏑", "location"))
            ),
        ],
    )
    def test_the_pattern_takes_every_answer_that_we_write(self, answer: Answer) -> None:
        import regex

        assert regex.fullmatch(answer_pattern(QUESTIONS), to_json(answer))

    def test_a_batch_answers_as_each_prompt_alone(self, base: Base) -> None:
        pairs = tiny_pairs()[:5]
        together = generate_answers(base.model, base.tokenizer, pairs, 12)
        alone = [generate_answers(base.model, base.tokenizer, [p], 12)[0] for p in pairs]
        assert together == alone

    def test_surprise_is_that_of_the_answers_tokens_alone(self, base: Base) -> None:
        (pair,) = tiny_pairs()[:1]
        (found,) = surprises(base.model, base.tokenizer, [pair])
        ids = base.tokenizer.apply_chat_template(pair.messages(), return_dict=True)["input_ids"]
        answer = base.tokenizer(to_json(pair.answer))["input_ids"]
        assert found.tokens == len(answer) + 1
        with torch.no_grad():
            logits = base.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        last = range(len(ids) - found.tokens, len(ids))
        assert found.nats == pytest.approx(-sum(float(logits[i - 1, ids[i]]) for i in last), 1e-4)

    @pytest.mark.parametrize("told", [True, False])
    def test_a_batch_is_scored_where_its_answers_stand(
        self, base: Base, monkeypatch: pytest.MonkeyPatch, told: bool
    ) -> None:
        """The sums are those of whole chats, one by one; also with an adapter."""
        pairs = tiny_pairs()[:5]
        model = get_peft_model(deepcopy(base.model), LoraConfig(init_lora_weights=False))
        expected = []
        for pair in pairs:
            ids = chat_ids(pair.messages(), base.tokenizer)
            begin = len(prompt_ids(pair, base.tokenizer))
            with torch.no_grad():
                said = model(torch.tensor([ids])).logits[0].log_softmax(-1)
            expected.append(-sum(float(said[i - 1, ids[i]]) for i in range(begin, len(ids))))
        scored: list[int] = []
        model.get_output_embeddings().register_forward_hook(
            lambda _module, given, _made: scored.append(given[0].shape[1])
        )
        if not told:
            monkeypatch.setattr(perplexity, "_scores_places", lambda _: False)
        found = surprises(model, base.tokenizer, pairs)
        assert [s.nats for s in found] == pytest.approx(expected, rel=1e-4)
        longest = max(len(chat_ids(p.messages(), base.tokenizer)) for p in pairs)
        assert scored[0] < 0.7 * longest if told else scored == [longest]

    def test_an_answer_beyond_the_context_counts_as_far_as_it_is_read(self, base: Base) -> None:
        (pair,) = tiny_pairs()[:1]
        length = len(chat_ids(pair.messages(), base.tokenizer))
        (whole,) = surprises(base.model, base.tokenizer, [pair], length)
        (part,) = surprises(base.model, base.tokenizer, [pair], length - 5)
        assert part.tokens == whole.tokens - 5
        assert part.nats < whole.nats


class TestConstrained:
    """Whatever is written, it is an answer."""

    @pytest.mark.parametrize("room", [64, 256])
    @pytest.mark.parametrize("seed", [1, 2])
    def test_noise_about_entities_ends_in_time(self, tmp_path: Path, seed: int, room: int) -> None:
        wide = load_base(save_tiny(tmp_path, seed, CONTEXT + room))
        settings = SETTINGS.model_copy(update={"constrained": True, "max_new_tokens": room})
        pairs = tiny_pairs()[:6]
        written = write_answers(wide.model, wide, pairs, settings)
        assert [w for w in written if read_answer(w, QUESTIONS).answer is None] == []
        alone = [write_answers(wide.model, wide, [pair], settings)[0] for pair in pairs[:2]]
        assert written[:2] == alone

    @pytest.mark.parametrize("room", [12, 13, 30, 64, 256])
    def test_rows_that_end_early_wait_for_the_others(self, base: Base, room: int) -> None:
        tokenizer: Any = base.tokenizer
        keep = KeepSchema(AnswerTokens(tokenizer, QUESTIONS), tokenizer.eos_token_id, room)
        dice = torch.Generator().manual_seed(room)
        ids = torch.zeros((16, 1), dtype=torch.long)
        for _ in range(room):
            scores = torch.rand((16, len(tokenizer)), generator=dice)
            done = (ids[:, 1:] == tokenizer.eos_token_id).any(dim=1)
            chosen = keep(ids, scores).argmax(dim=1).masked_fill(done, tokenizer.pad_token_id)
            ids = torch.cat([ids, chosen[:, None]], dim=1)
        written = tokenizer.batch_decode(ids[:, 1:], skip_special_tokens=True)
        assert [w for w in written if read_answer(w, QUESTIONS).answer is None] == []
        assert room < 64 or len(set(map(len, written))) > 8

    def test_too_little_room_for_any_is_refused_before_anything_is_written(
        self, base: Base, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        shortest = AnswerTokens(base.tokenizer, QUESTIONS).shortest
        answer = to_json(Answer("Sports", ()))
        assert shortest <= len(base.tokenizer(answer)["input_ids"])
        changes = {"constrained": True, "max_new_tokens": shortest - 1}
        settings = SETTINGS.model_copy(update=changes)
        monkeypatch.setattr(base.model, "generate", lambda **_: pytest.fail("it writes"))
        with pytest.raises(DeskError, match=f"max_new_tokens is {shortest - 1}, .* {shortest} to"):
            write_answers(base.model, base, tiny_pairs()[:2], settings)
        with pytest.raises(DeskError, match="max_new_tokens"):
            train_instructions(tiny_pairs(), base, settings, 1, tmp_path / "model")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("escape", [r"\ud83d", r"\u0041", r"\/"])
    def test_escapes_that_we_never_write_are_no_answer(self, escape: str) -> None:
        """The first is half a character."""
        import regex

        said = to_json(Answer("Sports", (Mention("Ada", "person"),)))
        assert regex.fullmatch(answer_pattern(QUESTIONS), said.replace("Ada", r"A\u001fda"))
        assert not regex.fullmatch(answer_pattern(QUESTIONS), said.replace("Ada", escape))

    def test_the_distance_to_the_end(self) -> None:
        """State 5 leads nowhere, and 4 has a long way and a short one."""
        transitions = {1: {10: 2, 11: 5}, 2: {10: 3}, 4: {10: 1, 11: 3}, 5: {10: 5}, 3: {0: 3}}
        assert tokens_to_end(transitions, {3}) == {3: 0, 2: 1, 4: 1, 1: 2}


class TestScores:
    def test_by_hand(self) -> None:
        gold = [GOLD, GOLD, Answer("Business", ())]
        written = [
            read(Answer("Sports", (ADA, Mention("Nobody", "person")))),
            read_answer("{not json", QUESTIONS),
            read(Answer("Sports", ())),
        ]
        invented = [["Nobody"], [], []]
        scores = score_answers(gold, written, invented, QUESTIONS, 1, 50)
        assert scores.n == 3
        assert scores.json_validity.value == pytest.approx(2 / 3)
        assert scores.schema_validity.value == pytest.approx(2 / 3)
        assert scores.topic_accuracy
        assert scores.topic_accuracy.value == pytest.approx(1 / 3)
        # 1 of 4 real, of 2 named.
        assert scores.entity_f1
        assert scores.entity_f1.value == pytest.approx(2 * 1 / (4 + 2))
        # Topic and entity hits 2, said 2 topics and 2 entities, real 3 topics and 4 entities.
        assert scores.answer_f1.value == pytest.approx(2 * 2 / (4 + 7))
        assert scores.hallucinated
        assert scores.hallucinated.value == pytest.approx(1 / 2)
        # What cannot be read names nothing.
        assert scores.named_nothing
        assert scores.named_nothing.value == pytest.approx(1 / 2)
        assert list(scores.labels) == answer_labels(QUESTIONS)
        assert scores.labels["topic: Sports"].support == 2

    def test_naming_none_where_there_are_some_shows(self) -> None:
        written = [read(Answer("Sports", ())), read(GOLD)]
        scores = score_answers([GOLD, GOLD], written, [[], []], QUESTIONS, 1, 50)
        assert scores.named_nothing
        assert scores.named_nothing.value == pytest.approx(1 / 2)

    def test_shares_are_shares_and_agree_with_the_scores_of_topics(self) -> None:
        many = Questions(tuple(f"T{i}" for i in range(8)), ("person",))
        gold = [Answer(f"T{i % 8}", (Mention(f"N{i}", "person"),)) for i in range(40)]
        for right in (40, 20):
            said = [
                Answer(g.topic if i < right else "T0", g.entities if i < right else ())
                for i, g in enumerate(gold)
            ]
            written = [read_answer(to_json(a), many) for a in said]
            scores = score_answers(gold, written, [[]] * 40, many, 1, 200)
            topics = score_topics(
                [str(g.topic) for g in gold],
                [str(a.topic) for a in said],
                list(many.topics),
                1,
                200,
            )
            for found in (scores.topic_accuracy, scores.entity_f1, scores.answer_f1):
                assert found
                assert 0 <= found.low <= found.value <= found.high <= 1
            assert scores.topic_accuracy == topics.accuracy

    def test_of_no_name_nobody_knows_the_share_invented(self) -> None:
        scores = score_answers([GOLD], [read_answer("noise", QUESTIONS)], [[]], QUESTIONS, 1, 20)
        assert scores.hallucinated is None
        assert "hallucinated" not in scores.to_dict()

    def test_what_is_not_asked_is_not_scored(self) -> None:
        topics = Questions(("Sports", "Business"))
        gold = [Answer("Sports", None)]
        scores = score_answers(gold, [read_answer('{"topic": "Sports"}', topics)], [[]], topics, 1)
        assert "entity_f1" not in scores.to_dict()
        assert scores.answer_f1.value == 1

    def test_invented_names_are_those_that_the_text_lacks(self) -> None:
        assert invented_names(GOLD, "Ada Okafor won.") == ["Wexmoor"]
        assert invented_names(None, "") == []
        assert invented_names(Answer(None, (Mention("Ann", "person"),)), "An Annual") == ["Ann"]


class TestRewards:
    def scores(self, written: str, gold: Answer = GOLD) -> dict[str, float]:
        completion = [{"role": "assistant", "content": written}]
        return {
            reward.__name__: reward(completions=[completion], gold=[gold_column(gold)])[0]
            for reward in rewards_of(QUESTIONS)
        }

    def test_each_says_one_thing(self) -> None:
        assert self.scores(to_json(GOLD)) == dict.fromkeys(WEIGHTS, 1.0)
        assert self.scores("noise") == dict.fromkeys(WEIGHTS, 0.0)
        half = self.scores(to_json(Answer("Business", (ADA,))))
        assert half == {
            "valid_json": 1.0, "keeps_schema": 1.0, "topic_right": 0.0,
            "entity_f1": pytest.approx(2 / 3),
        }  # fmt: skip
        no_topic = self.scores('{"topic": "Weather", "entities": []}')
        assert (no_topic["valid_json"], no_topic["keeps_schema"]) == (1.0, 0.0)

    def test_naming_nothing_and_naming_all_sorts_earn_nothing(self) -> None:
        assert self.scores(to_json(Answer("Sports", ())))["entity_f1"] == 0
        many = (ADA, WEX, *(Mention(f"Name {i}", "person") for i in range(18)))
        assert self.scores(to_json(Answer("Sports", many)))["entity_f1"] < 0.2
        none = Answer("Sports", ())
        assert self.scores(to_json(none), none)["entity_f1"] == 1

    def test_without_entities_none_is_asked_for(self) -> None:
        names = [r.__name__ for r in rewards_of(Questions(("Sports",)))]
        assert names == ["valid_json", "keeps_schema", "topic_right"]
