"""The next model learns what people corrected, and answers beside the last one."""

from typing import Any

import pytest

from corpus.desk import Desk
from corpus.review_state import read_gold
from flows.load_answers import LoadAnswers, LoadedAnswers, load_answers
from flows.model_store import training_key
from flows.pull_answers import PulledAnswers
from flows.train_sft import SftReport, TrainSft, train_sft
from tests.flows.answers.people import LIMIT, records

pytestmark = [pytest.mark.services, pytest.mark.long]


def test_the_next_model_learns_the_corrections(
    trained: SftReport, pulled: PulledAnswers, taught: SftReport, desk: Desk, knobs: dict[str, Any]
) -> None:
    gold = read_gold(desk)
    assert taught.stored.key == training_key(desk, gold, "instructions") != trained.stored.key
    learned = [c for c in pulled.corrections.used if c.split == "train"]
    before = trained.stored.training
    assert before["settings"]["chats_corrected"] == 0
    assert len(gold.corrected) == 2
    assert taught.stored.training["settings"]["chats_corrected"] == len(learned)
    assert taught.stored.training["examples"] == before["examples"] + len(learned)
    # The frozen test is the same.
    assert taught.scores.test["n"] == trained.scores.test["n"]
    assert train_sft(TrainSft(overrides=knobs, publish=False)).stored.reused


def test_the_next_models_answers_come_beside_the_old_ones(
    loaded: LoadedAnswers, taught: SftReport, knobs: dict[str, Any], desk: Desk
) -> None:
    before = records(desk)
    report = load_answers(LoadAnswers(overrides=knobs, limit=LIMIT))
    assert (report.model, report.new) == (taught.stored.key, LIMIT)
    after = records(desk)
    assert {i: after[i] for i in before} == before
    corrected = {c.article.id for c in read_gold(desk).corrected}
    new = {identifier.partition(":")[0] for identifier in set(after) - set(before)}
    assert not new & corrected
    # As far as they were not corrected, the articles that the last model answered.
    assert len(new & {identifier.partition(":")[0] for identifier in before}) >= LIMIT - 2
