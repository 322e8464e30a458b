"""What blind records would have been suggested, and what suggestions do, on a real Argilla."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from argilla_settings.connection import connect
from argilla_settings.data_sets import find_dataset
from argilla_settings.records import list_rows
from argilla_settings.simulated_review import annotator_keys, review
from copydesk.commands import app
from corpus.desk import Desk, read_desk
from corpus.review_state import open_ledger
from corpus.sources.read import read_articles
from corpus.suggestions.hidden import read_hidden
from flows.load_news import LoadNews, load_news
from flows.load_report import LoadReport
from flows.pull_reviewed import PullReviewed, pull_reviewed
from tests.flows.chain import settings
from tests.running import Services

pytestmark = pytest.mark.services

PULL = 0.5
KNOBS: dict[str, Any] = {
    "name": "pulled",
    "source.path": "sample/news.jsonl",
    "source.limit": 80,
    "review.blind_share": 0.4,
    # The zero-shot topics are often right: reviewers who err tell more.
    "simulation.topic_noise": [0.3, 0.3, 0.3],
    "simulation.pull": PULL,
}


@pytest.fixture(scope="module")
def loaded(services: Services) -> LoadReport:
    return load_news(LoadNews(overrides=KNOBS))


@pytest.fixture(scope="module")
def desk() -> Desk:
    return read_desk("desk.yaml", KNOBS)


def rows_of(desk: Desk) -> list[dict[str, Any]]:
    client = connect()
    dataset = find_dataset(client, desk)
    return list(list_rows(client, dataset, ("suggestions", "vectors")))


def test_hidden_predictions_stay_in_the_ledger(loaded: LoadReport, desk: Desk) -> None:
    rows = rows_of(desk)
    blind = {row["external_id"]: row for row in rows if row["metadata"]["blind"] == "yes"}
    hidden = read_hidden(open_ledger(desk))
    assert len(blind) == loaded.blind > 20
    assert set(hidden) == set(blind)
    said = {i: found[0].prediction for i, found in hidden.items()}
    assert all(p.topic in desk.labels.topics and p.topic_score for p in said.values())
    # Nobody who asks Argilla learns of them.
    assert not any(row["suggestions"] for row in blind.values())
    # Their priority is drawn by lot (tests/flows/test_prioritise.py).
    allowed = {"source", "blind", "published_at", "license", "priority"}
    assert all(set(row["metadata"]) <= allowed for row in blind.values())
    (agent,) = {p.topic_agent for p in said.values()}
    shown = [s["agent"] for row in rows for s in row["suggestions"]]
    assert set(shown) == {agent}
    assert agent not in json.dumps(list(blind.values()))


def test_loading_again_predicts_and_appends_nothing(loaded: LoadReport, desk: Desk) -> None:
    segments = open_ledger(desk).rows("hidden")
    assert load_news(LoadNews(overrides=KNOBS)).new == 0
    assert open_ledger(desk).rows("hidden") == segments


def test_the_command_finds_the_pull_of_simulated_reviewers(
    loaded: LoadReport, desk: Desk, services: Services
) -> None:
    nothing = CliRunner().invoke(app, ["suggestions", *settings({**KNOBS, "name": "unasked"})])
    assert "has no submitted answer" in str(nothing.exception)
    articles = read_articles(desk.source, desk.labels).articles[:80]
    ledger = open_ledger(desk)
    keys = annotator_keys(services.home.accounts)
    assert review(desk, articles, keys, ledger.append_simulated) == 240
    pull_reviewed(PullReviewed(overrides=KNOBS))
    command = ["suggestions", *settings({"name": "pulled"})]
    found = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    pull = found["topics"]["pull"]["interval"]
    assert pull["low"] < PULL < pull["high"]
    assert (found["answers"], found["simulated"], found["hidden"]) == (240, 240, loaded.blind)
    assert found["times"]["shown_seconds"] is None
    # Nothing suggested entities yet.
    assert found["spans"]["pull"]["reason"] == "no answer was given beside a suggestion"
    shown = CliRunner().invoke(app, command).stdout
    assert f"{pull['value']:.3f} [{pull['low']:.3f}, {pull['high']:.3f}]" in shown
    assert "Topics, by score" in shown
