"""A desk for each file, up to the stage that its tests need: a real model of a few thousand
parameters answers, people rate and correct in a real Argilla, and the next model learns from it.
"""

import json
from typing import Any

import pytest

from argilla_settings.connection import connect, http
from argilla_settings.simulated_review import review
from corpus.desk import Desk, read_desk
from corpus.instruct.opinions import answers_ledger
from corpus.review_state import open_ledger
from corpus.sources.read import read_articles
from flows.load_answers import LoadAnswers, LoadedAnswers, load_answers
from flows.load_news import LoadNews, load_news
from flows.pull_answers import PullAnswers, PulledAnswers, pull_answers
from flows.pull_reviewed import PullReviewed, pull_reviewed
from flows.train_sft import SftReport, TrainSft, train_sft
from tests.flows.answers.people import BROKEN, LIMIT, Annotator, records, right
from tests.running import ArgillaService, Services
from tests.training.instruct.tiny import save_tiny

ARTICLES, REVIEWED = 32, 20


@pytest.fixture(scope="module")
def knobs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Named after the file of the tests."""
    folder = tmp_path_factory.mktemp("tiny")
    save_tiny(folder)
    file = folder / "config.json"
    config = json.loads(file.read_text()) | {"max_position_embeddings": 4096}
    file.write_text(json.dumps(config))
    return {
        "name": request.module.__name__.rpartition(".")[2].replace("test_", "answers-"),
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


@pytest.fixture(scope="module")
def pulled(
    loaded: LoadedAnswers, people: list[Annotator], knobs: dict[str, Any], desk: Desk
) -> PulledAnswers:
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
    return pull_answers(PullAnswers(overrides=knobs, full=True))


@pytest.fixture(scope="module")
def taught(pulled: PulledAnswers, knobs: dict[str, Any]) -> SftReport:
    return train_sft(TrainSft(overrides=knobs, publish=False))
