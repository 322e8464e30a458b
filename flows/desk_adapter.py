"""The instruction model of a desk as it is stored, with the base that it was trained on."""

from dataclasses import dataclass
from pathlib import Path

from corpus.desk import Desk
from corpus.instruct.pairs import kind_of
from corpus.instruct.phrasings import PHRASINGS, system_prompt
from corpus.review_state import desk_questions, read_gold
from flows.instruction_base import (
    base_repo,
    base_source,
    base_weights,
    require_one_topic,
    require_repo,
)
from flows.model_store import require_model
from flows.score_answers import require_same_base
from training.instruct.base import Base, load_base


@dataclass(frozen=True, slots=True)
class DeskAdapter:
    """``name`` is its repository, whether it is published or not."""

    folder: Path
    name: str
    base: Base


def open_desk_adapter(desk: Desk) -> DeskAdapter:
    """DeskError where none is trained on what is reviewed now, or its base has other weights.

    The base is loaded in full precision, also where training took it in 4 bits or in bf16: what is
    added to rounded weights is rounded as well.
    """
    require_one_topic(desk)
    name, gold = require_repo(desk), read_gold(desk)
    stored = require_model(desk, gold, "instructions")
    require_same_base(stored, base_weights(desk, gold))
    base = load_base(str(base_source(desk, gold)), base_repo(desk), exact=True)
    return DeskAdapter(stored.model, name, base)


def desk_prompt(desk: Desk) -> tuple[str, str]:
    """System message and first instruction, in the words that its models are trained with."""
    questions = desk_questions(desk)
    return system_prompt(questions), PHRASINGS[kind_of(questions)][0]
