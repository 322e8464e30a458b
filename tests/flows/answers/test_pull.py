"""What people say of answers reaches the ledger, and nothing of the test is learned."""

from typing import Any

import pytest

from argilla_settings.answer_records import to_answer_record
from argilla_settings.answers import ANSWERS
from argilla_settings.connection import connect
from argilla_settings.data_sets import find_dataset, require_dataset
from argilla_settings.records import list_rows, log_records, to_article
from corpus.articles import Article
from corpus.desk import Desk
from corpus.instruct.opinions import (
    Generation,
    answers_ledger,
    append_generations,
    read_opinions,
)
from corpus.review_state import desk_questions, open_ledger, read_gold
from flows.pull_answers import PullAnswers, PulledAnswers, pull_answers
from tests.flows.answers.people import BROKEN, Annotator, records, right

pytestmark = [pytest.mark.services, pytest.mark.long]


def test_corrections_are_pulled_once_and_broken_ones_are_told(
    pulled: PulledAnswers, knobs: dict[str, Any], desk: Desk
) -> None:
    found = pulled.corrections
    assert (pulled.new, pulled.opinions) == (1, 6)
    assert pulled.mean_rating == pytest.approx((2 + 1 + 2 + 2 + 1 + 2) / 6)
    assert (len(found.used), found.tied, len(found.broken), found.unsaid) == (2, 1, 1, 0)
    assert sorted(c.answer.topic or "" for c in found.used) == ["Sports", "World"]
    (line,) = pulled.broken
    assert "'Gossip' is not one of" in line
    assert found.broken[0].opinion.generation in line and "annotator-" in line
    kept = read_opinions(answers_ledger(open_ledger(desk)))
    again = pull_answers(PullAnswers(overrides=knobs, full=True))
    assert (again.new, again.corrections) == (0, found)
    assert read_opinions(answers_ledger(open_ledger(desk))) == kept
    statuses = sorted(o.status for o in kept)
    assert statuses == ["deleted", "discarded", *["submitted"] * 7]
    texts = answers_ledger(open_ledger(desk)).guidelines()
    shown = require_dataset(connect(), desk, ANSWERS).settings.guidelines
    assert shown and {texts[o.guidelines] for o in kept} == {shown}
    splits = open_ledger(desk).splits()
    assert {splits[c.article.id] for c in found.used} <= {"train", "validation"}


def put_before_people(desk: Desk, article: Article) -> dict[str, Any]:
    """The record of an answer that load_answers would never have loaded."""
    ledger = answers_ledger(open_ledger(desk))
    generation = Generation(article.id, "of-a-careless-load", 0, "")
    ledger.append_articles([article])
    append_generations(ledger, [generation])
    dataset = require_dataset(connect(), desk, ANSWERS)
    log_records(dataset, [to_answer_record(generation, article, desk_questions(desk))])
    return records(desk)[generation.id]


def test_nothing_of_the_test_split_is_learned(
    pulled: PulledAnswers, people: list[Annotator], knobs: dict[str, Any], desk: Desk
) -> None:
    """Neither of an article that is of the test, nor of a blind one that will be."""
    one, _ = people
    tested = next(r.article for r in read_gold(desk).reviewed if r.split == "test")
    client = connect()
    dataset = find_dataset(client, desk)
    assert dataset is not None
    reviewed = {r.article.id for r in read_gold(desk).reviewed}
    blind = next(
        to_article(row) for row in list_rows(client, dataset)
        if row["metadata"]["blind"] == "yes" and row["external_id"] not in reviewed
    )  # fmt: skip
    responses = []
    for article in (tested, blind):
        row = put_before_people(desk, article)
        # Nothing was written, so nothing is suggested.
        assert row["suggestions"] == [] and "(nothing)" in row["fields"]["answer"]
        responses.append(one.answer(row, 1, right(article)))
    found = pull_answers(PullAnswers(overrides=knobs))
    # The desk's own answer to the first is gold, whatever its split.
    assert (found.new, found.corrections.in_gold, found.corrections.tested) == (2, 1, 1)
    assert found.corrections.used == pulled.corrections.used
    assert blind.id not in open_ledger(desk).splits()
    one.edit(responses[0], 1, BROKEN)
    found = pull_answers(PullAnswers(overrides=knobs))
    assert (found.new, found.corrections.in_gold, len(found.corrections.broken)) == (1, 0, 2)
    for response in responses:
        one.delete(response)
    assert pull_answers(PullAnswers(overrides=knobs, full=True)).new == 2
