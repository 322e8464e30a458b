"""Several topics an article: from a source through Argilla and the Hub to the next suggestions."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from argilla_settings.connection import connect
from argilla_settings.data_sets import ensure_dataset, require_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import list_rows
from argilla_settings.simulated_review import annotator_keys
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.review_state import open_ledger
from corpus.suggestions.hidden import read_hidden
from flows.load_news import LoadNews, load_news
from flows.pull_reviewed import PullReport, PullReviewed, pull_reviewed
from tests.running import Services

TOPICS = {
    "Sports": "matches, players, leagues and records",
    "Money": "companies, markets, prices and wages",
    "Law": "courts, trials, verdicts and statutes",
}
WORDS = {
    "Sports": "The striker scored in the cup final and the league applauded the team.",
    "Money": "The bank raised its prices and shares of the company fell on the market.",
    "Law": "The court heard the trial and the judge read out the verdict.",
}
# What an article is about, in turn; one of five is about nothing of it.
ABOUT = (("Sports",), ("Money",), ("Law", "Money"), ("Money", "Sports"), ())
BATCH = 30


def source(folder: Path) -> Path:
    """Articles that say what they are about in so many words."""
    rows = []
    for number in range(2 * BATCH):
        about = ABOUT[number % len(ABOUT)]
        said = [WORDS[topic] for topic in about] or ["Rain fell on the hills all day."]
        # No near-duplicates: each has words of its own.
        own = " ".join(f"w{(number * 7919 + i * 104729) % 99991}" for i in range(25))
        rows.append({"text": f"Ada Obi spoke. {' '.join(said)} {own}", "about": list(about)})
    file = folder / "sets.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def knobs(path: Path) -> dict[str, Any]:
    return {
        "name": "several-topics",
        "labels.several_topics": True,
        "labels.topics": TOPICS,
        "labels.entities": {"person": "a named person"},
        "source.path": str(path),
        "source.columns": {"text": "text", "topic": "about"},
        "source.suggest_labels": False,
        "review.min_submitted": 2,
        "review.blind_share": 0.3,
        "splits.test": 0.2,
        "splits.validation": 0.1,
        "models.topics.method": "frozen",
        "models.topics.max_length_tokens": 64,
        "gate.minimum_test": 4,
        "publish.dataset": "copydesk/several-topics",
        "publish.topic_model": "copydesk/several-topics-topics",
        "publish.entity_model": "copydesk/several-topics-entities",
    }


@pytest.fixture(scope="module")
def overrides(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return knobs(source(tmp_path_factory.mktemp("source")))


@pytest.fixture(scope="module")
def desk(overrides: dict[str, Any]) -> Desk:
    return read_desk("desk.yaml", overrides)


@pytest.fixture(scope="module")
def first_rows(
    services: Services, desk: Desk, overrides: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """The first batch as Argilla holds it before anybody answers."""
    load_news(LoadNews(overrides=overrides, limit=BATCH))
    client = connect()
    dataset = require_dataset(client, desk, NEWS)
    rows = list_rows(client, dataset, ("responses", "suggestions"))
    return {row["external_id"]: row for row in rows}


def topics_of(text: str) -> list[str]:
    return [topic for topic, words in WORDS.items() if words in text]


def answer_all(services: Services, rows: dict[str, dict[str, Any]]) -> None:
    """Two people by the API. One of them forgets a topic of the last article with two: a tie."""
    url, keys = services.environment["ARGILLA_API_URL"], annotator_keys(services.home.accounts)
    *_, forgotten = (row for row in rows.values() if len(topics_of(row["fields"]["text"])) == 2)
    for person, key in enumerate(list(keys.values())[:2]):
        items = []
        for row in rows.values():
            topics = topics_of(row["fields"]["text"])
            if person and row is forgotten:
                topics = topics[:1]
            # None: Argilla takes no empty list, so the question is left out.
            said = {"topic": {"value": topics}} if topics else {}
            ada = [{"start": 0, "end": 7, "label": "person"}]
            values = {**said, "entities": {"value": ada}}
            items.append({"record_id": row["id"], "status": "submitted", "values": values})
        sent = httpx.post(
            f"{url}/api/v1/me/responses/bulk",
            headers={"X-Argilla-Api-Key": key},
            json={"items": items},
            timeout=60,
        )
        sent.raise_for_status()
        assert [item["error"] for item in sent.json()["items"] if item.get("error")] == []


@pytest.fixture(scope="module")
def pulled(
    services: Services, first_rows: dict[str, dict[str, Any]], overrides: dict[str, Any]
) -> PullReport:
    answer_all(services, first_rows)
    report: PullReport = pull_reviewed(PullReviewed(overrides=overrides))
    return report


@pytest.mark.services
def test_argilla_asks_for_several_and_shows_zero_shot_topics(
    first_rows: dict[str, dict[str, Any]], desk: Desk
) -> None:
    dataset = require_dataset(connect(), desk, NEWS)
    question = dataset.settings.questions["topic"]
    assert type(question).__name__ == "MultiLabelQuestion"
    assert (question.required, dataset.settings.questions["entities"].required) == (False, True)
    shown = [row for row in first_rows.values() if row["metadata"]["blind"] == "no"]
    suggested = [s for row in shown for s in row["suggestions"] if isinstance(s["value"][0], str)]
    assert len(suggested) == len(shown) > 10
    for suggestion in suggested:
        assert len(suggestion["value"]) == len(suggestion["score"]) >= 1
        assert suggestion["score"] == sorted(suggestion["score"], reverse=True)
        assert suggestion["agent"].startswith("zero-shot:")
    assert max(len(s["value"]) for s in suggested) > 1
    assert all(row["metadata"]["topic_predicted"] for row in shown)
    blind = {row["external_id"] for row in first_rows.values() if row["metadata"]["blind"] == "yes"}
    assert not any(first_rows[i]["suggestions"] for i in blind)
    hidden = read_hidden(open_ledger(desk))
    assert set(hidden) == blind
    assert all(found[-1].prediction.topics for found in hidden.values())


@pytest.mark.services
def test_a_desk_that_changes_its_mind_is_refused(
    first_rows: dict[str, dict[str, Any]], overrides: dict[str, Any]
) -> None:
    other = read_desk("desk.yaml", {**overrides, "labels.several_topics": False})
    with pytest.raises(DeskError, match="asks for several topics an article, the desk for one"):
        ensure_dataset(connect(), other, NEWS)


@pytest.mark.services
def test_sets_come_back_as_gold_the_empty_one_too(pulled: PullReport) -> None:
    gold = pulled.gold
    assert (pulled.new_answers, gold.answers, gold.unresolved) == (2 * BATCH, 2 * BATCH, 1)
    for r in gold.reviewed:
        wanted = tuple(sorted(topics_of(r.article.text)))
        assert (r.topic, r.topics) == (None, wanted if r.rule != "tie" else None)
    assert {r.topics for r in gold.reviewed} >= {(), ("Law", "Money"), ("Sports",)}
    # All pairs of answers but one are the same.
    assert gold.agreement.topic_percent == pytest.approx(1 - 1 / BATCH)
    assert gold.acceptance.topics_shown > gold.acceptance.topics_accepted > 0
