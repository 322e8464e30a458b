"""Rewards that can be checked: what a written answer is worth by the reviewed gold, each in [0, 1].

No model judges another here. A reward says one thing, so that its curve shows one thing.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from corpus.instruct.answers import Answer, Mention, Questions, ReadAnswer, read_answer
from training.evaluation.answers import entity_answer_f1

Completion = list[dict[str, str]]
# Called by trl with keywords: completions, and the columns of the data set.
Reward = Callable[..., list[float]]
Worth = Callable[[ReadAnswer, Answer], float]
WEIGHTS = {"valid_json": 0.5, "keeps_schema": 0.5, "topic_right": 1.0, "entity_f1": 1.0}


def rewards_of(questions: Questions) -> list[Reward]:
    """Those of ``WEIGHTS`` that these questions can earn, in that order; each knows its name."""
    found: list[Worth] = [_valid_json, _keeps_schema]
    if questions.topics:
        found.append(_topic_right)
    if questions.types:
        found.append(_entity_f1)
    return [_named(reward, questions) for reward in found]


def gold_column(answer: Answer) -> str:
    """The right answer as a column of the data set."""
    entities = answer.entities
    named = None if entities is None else [[m.text, m.type] for m in entities]
    return json.dumps([answer.topic, named])


def _valid_json(read: ReadAnswer, _: Answer) -> float:
    return float(read.is_json)


def _keeps_schema(read: ReadAnswer, _: Answer) -> float:
    return float(read.answer is not None)


def _topic_right(read: ReadAnswer, gold: Answer) -> float:
    return float(read.answer is not None and read.answer.topic == gold.topic)


def _entity_f1(read: ReadAnswer, gold: Answer) -> float:
    """1 where nothing is there and nothing was said."""
    return 0.0 if read.answer is None else entity_answer_f1(gold, read.answer)


def _named(reward: Worth, questions: Questions) -> Reward:
    def score(completions: Sequence[Completion], gold: Sequence[str], **_: Any) -> list[float]:
        written = [completion[0]["content"] for completion in completions]
        return [
            reward(read_answer(text, questions), _gold(right))
            for text, right in zip(written, gold, strict=True)
        ]

    score.__name__ = reward.__name__.removeprefix("_")
    return score


def _gold(column: str) -> Answer:
    topic, entities = json.loads(column)
    return Answer(topic, None if entities is None else tuple(Mention(*e) for e in entities))
