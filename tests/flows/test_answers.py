"""The review of generations end to end: a real model answers, people rate and correct in a real
Argilla, and the next model learns what they corrected.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import argilla as rg
import pytest
from datasets import load_dataset

from argilla_settings.answer_records import to_answer_record
from argilla_settings.answers import ANSWERS, answers_name
from argilla_settings.connection import connect, http
from argilla_settings.data_sets import find_dataset, require_dataset
from argilla_settings.records import list_rows, log_records, to_article
from argilla_settings.simulated_review import review
from corpus.articles import Article
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.instruct.opinions import (
    Generation,
    Opinion,
    answers_ledger,
    append_generations,
    append_opinions,
    read_generations,
    read_opinions,
)
from corpus.review_state import desk_questions, open_ledger, read_gold
from corpus.sources.read import read_articles
from flows.export_preferences import ExportPreferences, export_preferences
from flows.load_answers import LoadAnswers, LoadedAnswers, load_answers
from flows.load_news import LoadNews, load_news
from flows.model_store import training_key
from flows.pull_answers import PullAnswers, PulledAnswers, pull_answers
from flows.pull_reviewed import PullReviewed, pull_reviewed
from flows.train_sft import SftReport, TrainSft, train_sft
from tests.flows.chain import settings
from tests.running import ArgillaService, Services
from tests.training.instruct.tiny import save_tiny
from tests.warm_command import WarmCommand

pytestmark = pytest.mark.services
ARTICLES, REVIEWED, LIMIT = 32, 20, 8
BROKEN = '{"topic": "Gossip", "entities": []}'


@dataclass(frozen=True)
class Annotator:
    """One account, which answers over REST as the UI does."""

    client: rg.Argilla
    id: str

    def answer(self, record: dict[str, Any], rating: int, correction: str) -> str:
        """Submit; returns the response's id."""
        sent = http(self.client).post(
            f"/api/v1/records/{record['id']}/responses", json=body(rating, correction)
        )
        assert sent.status_code == 201, sent.text
        return str(sent.json()["id"])

    def edit(self, response: str, rating: int, correction: str) -> None:
        sent = http(self.client).put(f"/api/v1/responses/{response}", json=body(rating, correction))
        assert sent.status_code == 200, sent.text

    def delete(self, response: str) -> None:
        assert http(self.client).delete(f"/api/v1/responses/{response}").status_code == 200

    def discard(self, record: dict[str, Any]) -> None:
        sent = http(self.client).post(
            f"/api/v1/records/{record['id']}/responses", json={"status": "discarded", "values": {}}
        )
        assert sent.status_code == 201, sent.text


def body(rating: int, correction: str) -> dict[str, Any]:
    values = {"rating": {"value": rating}, "correction": {"value": correction}}
    return {"status": "submitted", "values": values}


def right(article: Article, topic: str = "Sports") -> str:
    """An answer that stands in the article, whatever it is about."""
    word = next(w for w in article.text.split() if w.isalpha())
    return json.dumps({"topic": topic, "entities": [{"text": word, "type": "person"}]})


@pytest.fixture(scope="module")
def knobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A desk of its own with a model of a few thousand parameters."""
    folder = tmp_path_factory.mktemp("tiny")
    save_tiny(folder)
    file = folder / "config.json"
    config = json.loads(file.read_text()) | {"max_position_embeddings": 4096}
    file.write_text(json.dumps(config))
    return {
        "name": "answers-test",
        "source.path": "sample/news.jsonl",
        "review.min_submitted": 1,
        "review.blind_share": 0.25,
        "splits.validation": 0.2,
        "simulation.topic_noise": [0.0],
        "simulation.span_noise": [0.0],
        "models.instructions.base": str(folder),
        "models.instructions.max_steps": 2,
        "models.instructions.batch_size": 2,
        "models.instructions.evaluations": 1,
        "models.instructions.max_length_tokens": 4096,
        "models.instructions.max_new_tokens": 12,
    }


@pytest.fixture(scope="module")
def desk(knobs: dict[str, Any]) -> Desk:
    return read_desk("desk.yaml", knobs)


@pytest.fixture(scope="module")
def trained(services: Services, knobs: dict[str, Any], desk: Desk) -> SftReport:
    """32 articles in Argilla, 20 of them reviewed, and a model of these."""
    load_news(LoadNews(overrides=knobs, limit=ARTICLES))
    articles = read_articles(desk.source, desk.labels).articles[:REVIEWED]
    accounts = json.loads(services.home.accounts.read_text())
    keys = {"annotator-1": accounts["annotator-1"]["api_key"]}
    assert review(desk, articles, keys, before_submit=lambda _: None) == REVIEWED
    pull_reviewed(PullReviewed(overrides=knobs))
    return train_sft(TrainSft(overrides=knobs, publish=False))


@pytest.fixture(scope="module")
def people(trained: SftReport, argilla_service: ArgillaService, desk: Desk) -> list[Annotator]:
    found = []
    for name in ("annotator-1", "annotator-2"):
        client = connect(api_key=argilla_service.credentials[name]["api_key"], manage=False)
        found.append(Annotator(client, str(http(client).get("/api/v1/me").json()["id"])))
    return found


@pytest.fixture(scope="module")
def loaded(trained: SftReport, knobs: dict[str, Any]) -> LoadedAnswers:
    return load_answers(LoadAnswers(overrides=knobs, limit=LIMIT))


def records(desk: Desk) -> dict[str, dict[str, Any]]:
    """Records of the answers by id, with suggestions and responses."""
    client = connect()
    rows = list_rows(client, require_dataset(client, desk, ANSWERS), ("responses", "suggestions"))
    return {row["external_id"]: row for row in rows}


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


@pytest.fixture(scope="module")
def pulled(
    loaded: LoadedAnswers, people: list[Annotator], knobs: dict[str, Any], desk: Desk
) -> Iterator[PulledAnswers]:
    """What two people do in an afternoon: see the names."""
    one, other = people
    rows = sorted(records(desk).values(), key=lambda row: row["external_id"])
    articles = answers_ledger(open_ledger(desk)).articles()
    corrected, tied, broken, edited, withdrawn, discarded = rows[:6]

    def of(row: dict[str, Any], topic: str = "Sports") -> str:
        return right(articles[row["external_id"].partition(":")[0]], topic)

    one.answer(corrected, 2, of(corrected))
    other.answer(corrected, 1, of(corrected))
    one.answer(tied, 2, of(tied, "World"))
    other.answer(tied, 2, of(tied, "Business"))
    one.answer(broken, 1, BROKEN)
    one.edit(one.answer(edited, 3, BROKEN), 2, of(edited, "World"))
    one.discard(discarded)
    response = other.answer(withdrawn, 2, of(withdrawn))
    first = pull_answers(PullAnswers(overrides=knobs))
    assert (first.new, len(first.corrections.used)) == (8, 3)
    other.delete(response)
    yield pull_answers(PullAnswers(overrides=knobs, full=True))


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


@pytest.fixture(scope="module")
def taught(pulled: PulledAnswers, knobs: dict[str, Any]) -> SftReport:
    return train_sft(TrainSft(overrides=knobs, publish=False))


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


def test_preferences_are_exported_as_trl_loads_them(
    pulled: PulledAnswers, taught: SftReport, knobs: dict[str, Any], desk: Desk, tmp_path: Path
) -> None:
    out = tmp_path / "made" / "preferences.jsonl"
    report = export_preferences(ExportPreferences(overrides=knobs, out=str(out)))
    assert report.rows == {"correction": 2}
    rows = list(load_dataset("json", data_files=str(out), split="train", cache_dir=str(tmp_path)))
    right_of = {c.article.id: c for c in pulled.corrections.used}
    written = read_generations(answers_ledger(open_ledger(desk)))
    assert {row["article_id"] for row in rows} == set(right_of)
    for row in rows:
        correction = right_of[row["article_id"]]
        assert json.loads(row["chosen"][0]["content"])["topic"] == correction.answer.topic
        assert row["rejected"][0]["content"] == written[row["id"].rpartition(":")[0]].written
        assert row["split"] == correction.split
        assert correction.article.text in row["prompt"][1]["content"]
        assert row["annotators"] == correction.annotators
    content = out.read_bytes()
    export_preferences(ExportPreferences(overrides=knobs, out=str(out)))
    assert out.read_bytes() == content
    assert out.stat().st_mode & 0o077 == 0
    assert [file.name for file in out.parent.iterdir()] == [out.name]


def test_no_text_goes_out_whose_licence_forbids_it(services: Services, tmp_path: Path) -> None:
    """Of two corrected articles the second may not be passed on; then neither."""
    columns = {"text": "text", "license": "licence"}
    knobs: dict[str, Any] = {
        "name": "withheld-corrections",
        "source.columns": columns,
        "labels.entities": {},
        "review.min_submitted": 1,
        "state": str(tmp_path / "state"),
    }
    desk = read_desk("desk.yaml", knobs)
    ledger = open_ledger(desk)
    answers = answers_ledger(ledger)
    articles = [
        Article("open", "The ferry left the old harbour late on Monday.", license="CC BY 4.0"),
        Article("closed", "A bank in the north lost its only clock.", license="© Harbour Wire"),
    ]
    ledger.append_splits({"open": "train", "closed": "train"})
    answers.append_articles(articles)
    made = [Generation(a.id, "m", 0, '{"topic": "World"}') for a in articles]
    append_generations(answers, made)
    at = datetime(2031, 5, 1, tzinfo=UTC)
    given = '{"topic": "Business"}'
    opinions = [Opinion(g.id, "annotator-0", "submitted", 1, given, at) for g in made]
    append_opinions(answers, opinions)
    out = tmp_path / "p.jsonl"
    report = export_preferences(ExportPreferences(overrides=knobs, out=str(out)))
    assert (report.rows, report.withheld, report.tested) == ({"correction": 1}, 1, 0)
    (row,) = map(json.loads, out.read_text().splitlines())
    assert (row["article_id"], row["license"]) == ("open", "CC BY 4.0")
    assert "clock" not in out.read_text() and "ferry" in out.read_text()
    answers.append_articles([replace(articles[0], license="")])
    with pytest.raises(
        DeskError, match="2 opinions, 2 preferences, 2 of articles whose text"
    ) as no:
        export_preferences(ExportPreferences(overrides=knobs, out=str(out)))
    assert "publish.text_licenses" in no.value.next_step
    # What was there before is not half overwritten.
    assert json.loads(out.read_text()) == row


def test_nobody_is_named_in_state_or_export(
    pulled: PulledAnswers,
    people: list[Annotator],
    knobs: dict[str, Any],
    desk: Desk,
    tmp_path: Path,
) -> None:
    out = tmp_path / "preferences.jsonl"
    export_preferences(ExportPreferences(overrides=knobs, out=str(out)))
    ledger = answers_ledger(open_ledger(desk))
    rows = ledger.rows("opinions")
    assert len({row["annotator"] for row in rows}) == 2
    content = json.dumps(rows) + out.read_text(encoding="utf-8")
    for person in people:
        assert person.id not in content
    for name in ("annotator-1", "annotator-2"):
        assert f'"{name}"' not in content
    # The pseudonyms of the state stay there.
    assert not any(row["annotator"] in out.read_text() for row in rows)


def test_the_commands_say_what_they_did(
    taught: SftReport, warm: WarmCommand, knobs: dict[str, Any], desk: Desk, tmp_path: Path
) -> None:
    options = settings({k: json.dumps(v) if isinstance(v, list) else v for k, v in knobs.items()})
    done = warm("answers", "load", "--limit", str(LIMIT), *options)
    assert done.returncode == 0, done.stderr
    assert f"{LIMIT} answers of model {taught.stored.key}" in done.stdout
    done = warm("answers", "pull", *options)
    assert done.returncode == 0, done.stderr
    assert "0 new or changed opinions; 6 count, rated 1.67 on average." in done.stdout
    assert "     2 articles whose correction teaches the next model" in done.stdout
    assert "     1 broken corrections" in done.stdout and " 0 articles" not in done.stdout
    assert "correction not used: " in done.stderr and "'Gossip' is not one of" in done.stderr
    done = warm("answers", "export", "--out", str(tmp_path / "p.jsonl"), *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"2 preferences (2 by correction) are in {tmp_path / 'p.jsonl'}.\n"
    done = warm("answers", "pull", "--set", "name=nobodys", *options[2:])
    assert done.returncode == 1
    assert answers_name(desk).replace("answers-test", "nobodys") in done.stderr
    assert "copydesk answers load" in done.stderr


def test_an_answer_deleted_after_an_opinion_stays_out_and_is_not_counted(
    taught: SftReport, people: list[Annotator], knobs: dict[str, Any], desk: Desk
) -> None:
    load_answers(LoadAnswers(overrides=knobs, limit=LIMIT))
    found = records(desk)
    gone = next(row for i, row in found.items() if i.endswith(f":{taught.stored.key}"))
    people[0].answer(gone, 3, "")
    assert pull_answers(PullAnswers(overrides=knobs)).new == 1
    client = connect()
    http(client).delete(
        f"/api/v1/datasets/{require_dataset(client, desk, ANSWERS).id}/records",
        params={"ids": gone["id"]},
    ).raise_for_status()
    report = load_answers(LoadAnswers(overrides=knobs, limit=LIMIT))
    assert (report.answers, report.new) == (LIMIT - 1, 0)
    assert set(found) - set(records(desk)) == {gone["external_id"]}
