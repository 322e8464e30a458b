"""Instruction models on the frozen test: their answers, the base model's, and the classifiers'."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.instruct.answers import answer_labels
from corpus.instruct.pairs import Pair
from corpus.review_state import Reviewed, desk_questions
from flows.answers import answer_row, answer_row_counts, classified_rows, score_answer_rows
from flows.frozen_test import Facts, Pairs, gold_of_test, pairs_digest, review_facts
from flows.grpo_choice import GRPO
from flows.instruction_base import base_weights, open_base
from flows.model_store import (
    Kind,
    StoredModel,
    decoding_of,
    desk_kinds,
    stored_model,
)
from flows.row_scores import ModelScores
from publishing.predictions import read_predictions, write_predictions
from training.evaluation.paired import compare

log = logging.getLogger("flows.score_answers")
# Beside the model's own answers: what they are compared with, on the same articles.
BASE, CLASSIFIERS, SFT = "base", "classifiers", "sft"


@task(cache_policy=NO_CACHE)
def score_instructions(
    desk: Desk, review: Reviewed, stored: StoredModel, before: StoredModel | None = None
) -> ModelScores:
    """Score what was not scored yet; keep scores and answers beside the model.

    ``before``: the SFT model that GRPO began with, scored on the same test.
    """
    test = gold_of_test(desk, review.gold, "instructions")
    facts = review_facts(review)
    digest = pairs_digest(test, facts)
    found, decoding = stored.read("scores.json"), desk.models.instructions.decoding()
    if (found.get("test_digest"), decoding_of(stored)) != (digest, decoding):
        if test:
            log.info("scoring instructions on %d articles", len(test))
            _answer(desk, review.gold, stored, [chat for _, chat in test], facts)
        # It was of another test, if it is there.
        stored.predictions(GRPO).unlink(missing_ok=True)
        found |= {"test_digest": digest, "decoding": decoding, "benchmark": {}}
    # What the other models say of the test may have come since.
    if before is not None and test:
        write_predictions(read_predictions(before.predictions("test")), stored.predictions(SFT))
    found["test"] = _scores(desk, review.gold, stored, test) if test else {}
    stored.write("scores.json", found)
    if not test:
        log.warning("the instruction model is not scored: no article of the test is resolved")
    return ModelScores("instructions", stored.key, found["test"], {})


def _answer(
    desk: Desk, gold: Gold, stored: StoredModel, pairs: Sequence[Pair], facts: Facts
) -> None:
    """Ask model and base, and keep their answers row by row."""
    # peft and transformers take seconds to import; scores that stand need neither.
    from training.instruct.adapter import load_adapter
    from training.instruct.ask import ask

    require_same_base(stored, base_weights(desk, gold))
    base = open_base(desk, gold)
    settings = desk.models.instructions
    for name, model in ((BASE, base.model), ("test", None)):
        model = model or load_adapter(stored.model, base)
        answers = ask(model, base, pairs, settings, _progress(name))
        rows = [
            answer_row(pair, written, surprise, facts.get(pair.id))
            for pair, (written, surprise) in zip(pairs, answers, strict=True)
        ]
        write_predictions(rows, stored.predictions(name))


def require_same_base(stored: StoredModel, weights: str) -> None:
    """DeskError where the stored adapter was trained on other weights than the base has now."""
    trained_on = stored.training["settings"]["base_weights"]
    if trained_on != weights:
        raise DeskError(
            f"The adapter in {stored.folder} was trained on a base model with weights "
            f"{trained_on}, and the base has {weights} now.",
            f"Remove {stored.folder} and run copydesk train sft.",
        )


def _scores(desk: Desk, gold: Gold, stored: StoredModel, test: Pairs) -> dict[str, Any]:
    """Of the kept rows; ``base`` and ``classifiers`` are scores of the others."""
    questions, seed = desk_questions(desk), desk.models.seed
    classified = classified_rows(test, _classifiers(desk, gold))
    write_predictions(classified, stored.predictions(CLASSIFIERS))
    names = [n for n in ("test", BASE, CLASSIFIERS, SFT, GRPO) if stored.predictions(n).exists()]
    rows = {name: read_predictions(stored.predictions(name)) for name in names}
    scores = {n: score_answer_rows(r, questions, seed) for n, r in rows.items() if r}
    labels = answer_labels(questions)
    for other, pair in ((SFT, (SFT, "test")), (GRPO, ("test", GRPO))):
        if other in rows:
            old, new = (answer_row_counts(rows[name], labels) for name in pair)
            difference = compare(old, new, labels, seed).overall.difference
            scores[other]["difference"] = asdict(difference)
    return scores.pop("test") | scores


def _classifiers(desk: Desk, gold: Gold) -> dict[Kind, list[dict[str, Any]]]:
    """What the desk's other models said of the test, none of a kind that was not scored."""
    found: dict[Kind, list[dict[str, Any]]] = {}
    for kind in desk_kinds(desk):
        stored = stored_model(desk, gold, kind)
        file = stored.predictions("test") if stored else None
        found[kind] = read_predictions(file) if file and file.exists() else []
    return found


def _progress(name: str) -> Any:
    def report(done: int, total: int) -> None:
        log.info("answers (%s): %d of %d", name, done, total)

    return report
