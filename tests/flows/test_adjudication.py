"""From answers that differ to gold that somebody decided, on the real Argilla.

Three annotators answer by REST as the UI does; so does the adjudicator.
"""

import json
import secrets
from collections.abc import Callable
from typing import Any

import argilla as rg
import pytest

import argilla_settings.adjudication_records as records_of
import flows.read_answers
from argilla_settings.adjudication import ADJUDICATION, NEEDED
from argilla_settings.connection import connect, http
from argilla_settings.data_sets import find_dataset, require_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import list_rows
from corpus.adjudication import adjudication_ledger
from corpus.desk import Desk, read_desk
from corpus.ledger import Ledger
from corpus.review_state import open_ledger, read_gold
from flows.desk_run import DeskRun
from flows.load_adjudication import LoadedAdjudication, load_adjudication
from flows.load_news import LoadNews, load_news
from flows.pull_adjudication import PullAdjudication, pull_adjudication
from flows.pull_reviewed import PullReport, PullReviewed, pull_reviewed
from tests.running import ArgillaService, Services

pytestmark = pytest.mark.services

KNOBS: dict[str, Any] = {
    "name": "adjudicated-test",
    "source.path": "sample/news.jsonl",
    "source.suggest_labels": True,
    "review.min_submitted": 3,
}
ARTICLES = 6
TOPICS = ("World", "Sports", "Business")


class Killed(BaseException):
    """As by a signal."""


class Person:
    """An account that answers over REST."""

    def __init__(self, key: str) -> None:
        self.client = connect(api_key=key, manage=False)
        about = http(self.client).get("/api/v1/me").json()
        self.id, self.name = str(about["id"]), str(about["username"])

    def say(self, row: dict[str, Any], topic: str, status: str = "submitted") -> None:
        """Answer, or edit what was answered."""
        values = {"topic": {"value": topic}, "entities": {"value": []}}
        there = [r["id"] for r in row.get("responses") or () if r["user_id"] == self.id]
        method, path = ("PUT", f"responses/{there[0]}") if there else (
            "POST", f"records/{row['id']}/responses"
        )  # fmt: skip
        sent = http(self.client).request(
            method, f"/api/v1/{path}", json={"status": status, "values": values}
        )
        assert sent.is_success, sent.text


def rows_of(desk: Desk, kind: Any = ADJUDICATION) -> dict[str, dict[str, Any]]:
    client = connect()
    dataset = require_dataset(client, desk, kind)
    return {r["external_id"]: r for r in list_rows(client, dataset, ("responses", "suggestions"))}


def pull() -> PullReport:
    return pull_reviewed(PullReviewed(overrides=KNOBS))


def load() -> LoadedAdjudication:
    return load_adjudication(DeskRun(overrides=KNOBS))


def counted(found: LoadedAdjudication) -> tuple[int, int, int, int, int]:
    return (
        found.open, found.decided, found.records.new, found.records.told, found.records.marked,
    )  # fmt: skip


@pytest.fixture(scope="module")
def desk() -> Desk:
    return read_desk("desk.yaml", KNOBS)


@pytest.fixture(scope="module")
def annotators(argilla_service: ArgillaService) -> list[Person]:
    accounts = argilla_service.credentials
    return [Person(accounts[f"annotator-{n}"]["api_key"]) for n in (1, 2, 3)]


@pytest.fixture(scope="module")
def adjudicator(services: Services, desk: Desk) -> Person:
    owner = connect()
    user = rg.User(
        username="senior", first_name="Senior", role="annotator",
        password=secrets.token_urlsafe(12), client=owner,
    ).create()  # fmt: skip
    user.add_to_workspace(owner.workspaces(desk.workspace))
    listed = http(owner).get("/api/v1/users").json()["items"]
    return Person(next(u["api_key"] for u in listed if u["username"] == "senior"))


@pytest.fixture(scope="module")
def differ(annotators: list[Person], desk: Desk) -> list[str]:
    """Ids: three annotators say three things of the first four articles, the same of two."""
    load_news(LoadNews(overrides=KNOBS, limit=ARTICLES))
    rows = list(rows_of(desk, NEWS).values())
    for row in rows[4:]:
        for person in annotators:
            person.say(row, "World")
    assert (pull().new_answers, counted(load())) == (6, (0, 0, 0, 0, 0))
    # Nobody is asked where nothing is open.
    assert find_dataset(connect(), desk, "adjudicated-test-adjudication") is None
    for row in rows[:4]:
        for person, topic in zip(annotators, TOPICS, strict=True):
            person.say(row, topic)
    report = pull()
    assert (report.new_answers, report.new_adjudications) == (12, 0)
    assert report.gold.rules == {"majority": 2, "tie": 4}
    return [row["external_id"] for row in rows]


@pytest.fixture(scope="module")
def loaded(differ: list[str], desk: Desk) -> LoadedAdjudication:
    """Killed after a first page of two records, then loaded to the end."""
    whole: Callable[..., None] = records_of.log_records
    with pytest.MonkeyPatch.context() as patch:

        def first_page(dataset: rg.Dataset, records: list[rg.Record]) -> None:
            whole(dataset, records[:2])
            raise Killed

        patch.setattr(records_of, "log_records", first_page)
        with pytest.raises(Killed):
            load()
    assert len(rows_of(desk)) == 2
    return load()


def test_open_articles_alone_are_loaded_once(
    loaded: LoadedAdjudication, differ: list[str], desk: Desk
) -> None:
    assert counted(loaded) == (4, 0, 2, 0, 0)
    assert set(rows_of(desk)) == set(differ[:4])
    assert counted(load()) == (4, 0, 0, 0, 0)
    dataset = require_dataset(connect(), desk, ADJUDICATION)
    news = require_dataset(connect(), desk, NEWS)
    assert dataset.settings.distribution.min_submitted == 1
    assert dataset.settings.guidelines == news.settings.guidelines
    asked = [[(q.name, q.title, q.labels) for q in d.settings.questions] for d in (dataset, news)]
    assert asked[0] == asked[1]
    for row in rows_of(desk).values():
        suggested = {s["agent"] for s in row["suggestions"]}
        assert suggested == {"most-frequent"}
        for topic in TOPICS:
            assert f"- {topic}: 1" in row["fields"]["answers"]


def test_nobody_is_named_to_adjudicators(
    loaded: LoadedAdjudication, annotators: list[Person], desk: Desk
) -> None:
    owner = connect()
    dataset = require_dataset(owner, desk, ADJUDICATION)
    said = [*(http(owner).get(f"/api/v1/datasets/{dataset.id}{path}").text
              for path in ("", "/fields", "/questions", "/metadata-properties")),
            json.dumps(list(list_rows(owner, dataset, ("responses", "suggestions"))))]  # fmt: skip
    names = {e.response.annotator for e in open_ledger(desk).entries()}
    assert len(names) == 3
    for word in [*names, *(p.name for p in annotators), *(p.id for p in annotators)]:
        assert not any(word in text for text in said), word


def test_what_is_decided_comes_back_as_adjudicated(
    loaded: LoadedAdjudication, differ: list[str], adjudicator: Person, annotators: list[Person],
    desk: Desk, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    before = {r.article.id: r.split for r in read_gold(desk).reviewed}
    rows = rows_of(desk)
    decided, discarded, draft, by_annotator = differ[:4]
    adjudicator.say(rows[decided], "Sci/Tech")
    adjudicator.say(rows[discarded], "World", "discarded")
    adjudicator.say(rows[draft], "World", "draft")
    # The first annotator adjudicates, too, and may contradict what they said before.
    annotators[0].say(rows[by_annotator], "Sports")

    def kill(*_: object) -> None:
        raise Killed

    # Killed when the answers are appended, before the pull is noted as complete.
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "set_cursor", kill)
        with pytest.raises(Killed):
            pull_adjudication(PullAdjudication(overrides=KNOBS))
    found = pull_adjudication(PullAdjudication(overrides=KNOBS))
    assert (found.new, found.adjudicated, found.unresolved) == (0, 2, 2)
    beside = adjudication_ledger(open_ledger(desk)).entries()
    assert sorted(e.status for e in beside) == ["discarded", "draft", "submitted", "submitted"]
    assert not {e.response.annotator for e in beside} & {
        e.response.annotator for e in open_ledger(desk).entries()
    }
    gold = read_gold(desk)
    by_id = {r.article.id: r for r in gold.reviewed}
    assert (by_id[decided].topic, by_id[decided].rule) == ("Sci/Tech", "adjudicated")
    assert (by_id[by_annotator].topic, by_id[by_annotator].answers) == ("Sports", 3)
    assert {by_id[i].rule for i in (discarded, draft)} == {"tie"}
    assert {r.article.id: r.split for r in gold.reviewed} == before
    assert (gold.annotators, gold.answers) == (3, 3 * ARTICLES)


def test_copydesk_pull_takes_an_edit_and_probes_what_did_not_change(
    loaded: LoadedAdjudication, differ: list[str], adjudicator: Person, desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    adjudicator.say(rows_of(desk)[differ[0]], "Business")
    report = pull()
    assert (report.new_answers, report.new_adjudications) == (0, 1)
    assert {r.topic for r in report.gold.reviewed if r.article.id == differ[0]} == {"Business"}

    def read_nothing(*_: object) -> None:
        raise AssertionError("nothing is new, so no record is read")

    monkeypatch.setattr(flows.read_answers, "list_rows", read_nothing)
    again = pull()
    assert (again.new_answers, again.new_adjudications) == (0, 0)
    assert again.gold == report.gold
    assert counted(load()) == (4, 2, 0, 0, 0)


def test_an_article_resolved_since_is_marked_and_loses_no_answer(
    loaded: LoadedAdjudication, differ: list[str], adjudicator: Person, annotators: list[Person],
    desk: Desk,
) -> None:  # fmt: skip
    """Annotators agree on the decided article and on a discarded one; another still differs."""
    news = rows_of(desk, NEWS)
    told = rows_of(desk)[differ[0]]["fields"]
    for identifier in differ[:2]:
        annotators[1].say(news[identifier], "World")
    annotators[1].say(news[differ[2]], "Sci/Tech")
    pull()
    found = load()
    # The draft keeps what its adjudicator has read.
    assert counted(found) == (2, 1, 0, 0, 2)
    rows = rows_of(desk)
    assert {i: rows[i]["metadata"][NEEDED] for i in differ[:4]} == {
        differ[0]: "no", differ[1]: "no", differ[2]: "yes", differ[3]: "yes",
    }  # fmt: skip
    assert rows[differ[0]]["fields"] == told
    assert [r["status"] for r in rows[differ[0]]["responses"]] == ["submitted"]
    gold = {r.article.id: (r.topic, r.rule) for r in read_gold(desk).reviewed}
    assert gold[differ[0]] == ("Business", "adjudicated")
    assert gold[differ[1]] == ("World", "majority")
    annotators[1].say(rows_of(desk, NEWS)[differ[1]], "Sports")
    pull()
    assert counted(load()) == (3, 1, 0, 0, 1)


def test_answers_that_changed_before_anybody_looked_are_told_anew(
    loaded: LoadedAdjudication, differ: list[str], annotators: list[Person], desk: Desk
) -> None:
    news = rows_of(desk, NEWS)
    fresh = differ[4]
    for person, topic in zip(annotators, ("World", "Sci/Tech", "Business"), strict=True):
        person.say(news[fresh], topic)
    pull()
    assert load().records.new == 1
    annotators[2].say(rows_of(desk, NEWS)[fresh], "Sports")
    pull()
    found = load()
    assert (found.records.new, found.records.told, found.records.marked) == (0, 1, 0)
    row = rows_of(desk)[fresh]
    assert "- Sports: 1" in row["fields"]["answers"] and "Business" not in row["fields"]["answers"]
    assert {s["agent"] for s in row["suggestions"]} == {"most-frequent"}
    assert load().records == type(found.records)(0, 0, 0)
