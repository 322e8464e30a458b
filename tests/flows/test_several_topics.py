"""Several topics an article: from a source through Argilla and the Hub to the next suggestions."""

import json
import os
import re
import subprocess
import sys
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
from corpus.report.measure import to_json
from corpus.review_state import open_ledger
from corpus.suggestions.hidden import read_hidden
from corpus.suggestions.measure import effect_rows, read_effects
from flows.annotator_report import annotator_report
from flows.desk_run import DeskRun
from flows.load_adjudication import load_adjudication
from flows.load_news import LoadNews, load_news
from flows.prioritise import prioritise
from flows.probe_models import probe_models
from flows.publish import Publish, PublishReport, publish
from flows.pull_reviewed import PullReport, PullReviewed, pull_reviewed
from flows.score_models import score_models
from flows.second_look import second_look
from flows.train_entities import train_entities
from flows.train_sft import TrainSft, train_sft
from flows.train_topics import train_topics
from flows.worth import worth
from publishing.review_report.page import report_html, report_markdown
from tests.running import HubService, Services

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
        "models.entities.method": "frozen",
        "models.entities.head_epochs": 2,
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
    with pytest.raises(DeskError, match="'topic' asked for several labels, now for one label"):
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


@pytest.fixture(scope="module")
def adjudicated(services: Services, pulled: PullReport, overrides: dict[str, Any]) -> PullReport:
    """The tie, decided by a third person, to whom the tied topic is not suggested."""
    loaded = load_adjudication(DeskRun(overrides=overrides))
    assert (loaded.open, loaded.records.new) == (1, 1)
    client = connect()
    name = f"{overrides['name']}-adjudication"
    dataset = client.datasets(name=name, workspace="copydesk")
    assert dataset is not None
    (row,) = list_rows(client, dataset, ("suggestions",))
    assert "**Topics (open)**, of 2 answers:" in row["fields"]["answers"]
    assert row["metadata"]["open"] == "topic"
    (suggestion,) = (s for s in row["suggestions"] if isinstance(s["value"][0], str))
    about = topics_of(row["fields"]["text"])
    assert (len(about), suggestion["score"]) == (2, [1.0])
    assert set(suggestion["value"]) < set(about)
    ada = [{"start": 0, "end": 7, "label": "person"}]
    values = {"topic": {"value": about}, "entities": {"value": ada}}
    *_, senior = annotator_keys(services.home.accounts).values()
    item = {"record_id": row["id"], "status": "submitted", "values": values}
    sent = httpx.post(
        f"{services.environment['ARGILLA_API_URL']}/api/v1/me/responses/bulk",
        headers={"X-Argilla-Api-Key": senior},
        json={"items": [item]},
    )
    sent.raise_for_status()
    report: PullReport = pull_reviewed(PullReviewed(overrides=overrides))
    return report


@pytest.fixture(scope="module")
def published(adjudicated: PullReport, overrides: dict[str, Any]) -> PublishReport:
    """Trained, scored and published, whatever the gate says of six test articles."""
    run = DeskRun(overrides=overrides)
    train_topics(run)
    train_entities(run)
    scores = {s.kind: s.test for s in score_models(run)}["topics"]
    assert {"accuracy", "precision", "recall", "f1", "macro_f1"} <= set(scores)
    assert "confusion" not in scores
    assert scores["f1"]["value"] > 0.6
    worth(run)
    probe_models(run)
    report: PublishReport = publish(Publish(overrides=overrides, force_model=True))
    return report


@pytest.mark.services
def test_a_tie_is_decided_by_an_adjudicator(adjudicated: PullReport) -> None:
    gold = adjudicated.gold
    assert (adjudicated.new_adjudications, gold.unresolved) == (1, 0)
    assert gold.rules == {"adjudicated": 1, "majority": BATCH - 1}
    assert all(r.topics == tuple(sorted(topics_of(r.article.text))) for r in gold.reviewed)


LOADED = """
from datasets import load_dataset
data = load_dataset("copydesk/several-topics")
names = data["train"].features["topics"].feature.names
for split in data.values():
    for row in split:
        print(row["id"], "|".join(names[n] for n in row["topics"]))
"""


def run_fresh(code: str, services: Services, home: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**services.environment, "PATH": os.defpath, "HF_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.services
def test_the_hub_gives_the_sets_to_a_fresh_process(
    published: PublishReport, adjudicated: PullReport, services: Services, tmp_path: Path
) -> None:
    lines = run_fresh(LOADED, services, tmp_path).splitlines()
    found = dict(line.split(" ") for line in lines)
    assert found == {
        r.article.id: "|".join(t for t in TOPICS if t in (r.topics or ()))
        for r in adjudicated.gold.reviewed
    }


@pytest.mark.services
@pytest.mark.parametrize("kind", ["dataset", "topics"])
def test_the_cards_say_so_and_their_code_runs(
    published: PublishReport,
    services: Services,
    hub_service: HubService,
    tmp_path: Path,
    kind: str,
) -> None:
    prefix, ending = ("datasets/", "") if kind == "dataset" else ("", "-topics")
    page = f"{prefix}copydesk/several-topics{ending}/resolve/main/README.md"
    card = httpx.get(f"{hub_service.endpoint}/{page}", follow_redirects=True).text
    shown = httpx.get(f"{hub_service.endpoint}/{prefix}copydesk/several-topics{ending}")
    assert shown.status_code == 200
    wanted = {"dataset": "every topic that fits", "topics": "those that fit of these\ntopics"}
    assert wanted[kind] in card
    if kind == "topics":
        assert "Articles with exactly the right topics" in card
        assert "topic F1" in card
        # The model index calls it so; nothing that people read does.
        assert "ccuracy" not in card.split("---\n", 2)[2].split("## Training")[0]
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    assert {"dataset": "60 answers", "topics": "["}[kind] in run_fresh(code, services, tmp_path)


@pytest.mark.services
def test_the_model_suggests_several_topics_of_the_next_batch(
    published: PublishReport, overrides: dict[str, Any], desk: Desk
) -> None:
    report = load_news(LoadNews(overrides=overrides, skip=BATCH, limit=BATCH))
    assert report.new == BATCH
    client = connect()
    dataset = require_dataset(client, desk, NEWS)
    rows = [r for r in list_rows(client, dataset, ("suggestions", "responses"))
            if not r.get("responses") and r["metadata"]["blind"] == "no"]  # fmt: skip
    found = [(row, s) for row in rows for s in row["suggestions"]
             if s["agent"].startswith("copydesk/several-topics-topics:")]  # fmt: skip
    assert len(found) > 10
    for row, suggestion in found:
        assert len(suggestion["score"]) == len(suggestion["value"])
        assert row["metadata"]["topic_predicted"] == suggestion["value"]
    several = [set(s["value"]) for _, s in found if len(s["value"]) > 1]
    assert {"Law", "Money"} in several
    assert all(0 <= row["metadata"]["uncertainty"] <= 1 for row in rows)


@pytest.mark.services
def test_what_looks_at_a_review_takes_sets_or_says_that_it_does_not(
    published: PublishReport, overrides: dict[str, Any], desk: Desk
) -> None:
    run = DeskRun(overrides=overrides)
    report = to_json(annotator_report(run))
    assert report["topics"] is None
    assert report["agreement"]["topics"]["overall"]["values"]["f1_exact"]["value"] > 0.9
    for page in (report_html(report), report_markdown(report)):
        assert "which topic stands in the place of which is not told here" in page
        assert "Krippendorff alpha, by Jaccard" in page
    effects = effect_rows(read_effects(open_ledger(desk), seed=1))
    assert "exactly the same topics, without" in dict(effects)
    assert prioritise(DeskRun(overrides={**overrides, "review.order": "uncertainty"})).waiting > 0
    looked = second_look(run)
    assert all(m.kind in ("topics", "entities") for m in looked.mistakes)
    with pytest.raises(DeskError, match="asks for several topics an article"):
        train_sft(TrainSft(overrides=overrides, publish=False))
