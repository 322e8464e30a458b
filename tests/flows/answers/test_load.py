"""What a model answers is put before people: nothing of the test, and nothing twice."""

from typing import Any

import pytest

from argilla_settings.answers import ANSWERS
from argilla_settings.connection import connect, http
from argilla_settings.data_sets import find_dataset, require_dataset
from argilla_settings.records import list_rows
from corpus.desk import Desk
from corpus.instruct.opinions import answers_ledger, read_generations
from corpus.review_state import open_ledger, read_gold
from flows.load_answers import LoadAnswers, LoadedAnswers, load_answers
from flows.pull_answers import PullAnswers, pull_answers
from flows.train_sft import SftReport
from tests.flows.answers.people import LIMIT, Annotator, records

pytestmark = [pytest.mark.services, pytest.mark.long]


def test_answers_are_loaded_and_nothing_of_the_test_is(
    trained: SftReport, loaded: LoadedAnswers, desk: Desk
) -> None:
    assert (loaded.model, loaded.answers, loaded.new) == (trained.stored.key, LIMIT, LIMIT)
    client = connect()
    dataset = find_dataset(client, desk)
    assert dataset is not None
    news = {row["external_id"]: row for row in list_rows(client, dataset)}
    splits = {r.article.id: r.split for r in read_gold(desk).reviewed}
    written = read_generations(answers_ledger(open_ledger(desk)))
    found = records(desk)
    assert set(found) == set(written)
    for identifier, record in found.items():
        article_id, _, model = identifier.partition(":")
        assert model == trained.stored.key
        assert news[article_id]["metadata"]["blind"] == "no"
        # Twelve are not reviewed: enough that none is asked whose answer is known.
        assert article_id not in splits
        assert record["fields"]["text"] == news[article_id]["fields"]["text"]
        (suggestion,) = record["suggestions"]
        assert suggestion["value"] == written[identifier].written
        assert suggestion["agent"] == f"instructions:{model}"
        assert record["metadata"]["phrasing"] == written[identifier].phrasing
        assert record["metadata"]["valid"] == "no"
        assert "Breaks the form (no JSON" in record["fields"]["answer"]
    assert loaded.invalid == LIMIT


def test_annotators_are_told_the_form_and_the_labels(loaded: LoadedAnswers, desk: Desk) -> None:
    dataset = require_dataset(connect(), desk, ANSWERS)
    guidelines = dataset.settings.guidelines
    assert guidelines
    for label in (*desk.labels.topics, *desk.labels.entities):
        assert f"**{label}**" in guidelines
    assert '{"topic": "World", "entities": [{"text": "Ada Reyes", "type": "person"}' in guidelines
    assert dataset.settings.distribution.min_submitted == desk.review.min_submitted
    assert str(dataset.id) in loaded.argilla_url


def test_a_second_load_changes_nothing_and_a_higher_limit_adds(
    loaded: LoadedAnswers, knobs: dict[str, Any], desk: Desk
) -> None:
    before = records(desk)
    again = load_answers(LoadAnswers(overrides=knobs, limit=LIMIT))
    assert (again.model, again.answers, again.new) == (loaded.model, LIMIT, 0)
    assert records(desk) == before
    more = load_answers(LoadAnswers(overrides=knobs, limit=LIMIT + 1))
    assert (more.answers, more.new) == (LIMIT + 1, 1)
    assert set(before) < set(records(desk))


def test_an_answer_deleted_after_an_opinion_stays_out_and_is_not_counted(
    loaded: LoadedAnswers, people: list[Annotator], knobs: dict[str, Any], desk: Desk
) -> None:
    load_answers(LoadAnswers(overrides=knobs, limit=LIMIT + 1))
    found = records(desk)
    gone = next(iter(found.values()))
    people[0].answer(gone, 3, "")
    assert pull_answers(PullAnswers(overrides=knobs)).new == 1
    client = connect()
    dataset = require_dataset(client, desk, ANSWERS)
    http(client).delete(
        f"/api/v1/datasets/{dataset.id}/records", params={"ids": gone["id"]}
    ).raise_for_status()
    report = load_answers(LoadAnswers(overrides=knobs, limit=LIMIT + 1))
    assert (report.answers, report.new) == (LIMIT, 0)
    assert set(found) - set(records(desk)) == {gone["external_id"]}
