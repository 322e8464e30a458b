"""curate: one whole round, what `make demo` and the nightly deployment run."""

from dataclasses import dataclass
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from argilla_settings.simulated_review import annotator_keys, review
from corpus.articles import Article
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.moves import read_moves
from corpus.review_state import open_ledger
from corpus.simulation import require_labels
from corpus.sources.read import read_articles
from flows.annotator_report import annotator_report
from flows.desk_run import DeskRun
from flows.load_news import LoadNews, choose_batch, load_news
from flows.load_report import LoadReport
from flows.prioritise import Prioritised, prioritise
from flows.probe_models import probe_models
from flows.publish import Publish, PublishReport, publish
from flows.pull_reviewed import PullReviewed, pull_reviewed
from flows.row_scores import ModelScores
from flows.score_models import score_models
from flows.second_look import second_look
from flows.train_entities import train_entities
from flows.train_topics import train_topics
from flows.worth import ModelWorth, worth


class Curate(DeskRun):
    """One round. Without ``simulate_with`` the answers are those of people in Argilla."""

    skip: int = Field(0, ge=0, description="leave out so many reviewable articles first")
    limit: int | None = Field(None, ge=1, description="load at most so many articles")
    simulate_with: str | None = Field(
        None, description="accounts file of annotators whose answers are simulated from labels"
    )
    insight: bool = Field(
        True, description="probe the models and tell what more labels would bring them"
    )


@dataclass(frozen=True, slots=True)
class CurateReport:
    """What the round did, step by step."""

    loaded: LoadReport
    simulated_answers: int
    new_answers: int
    gold: Gold
    scores: list[ModelScores]
    doubted: int
    worth: list[ModelWorth]
    published: PublishReport
    queue: Prioritised


@flow(name="curate")
def curate(config: Curate) -> CurateReport:
    """load → (simulated review) → pull → train → score → second look → probe → worth → publish →
    prioritise, by the models that were published → annotator report.
    """
    desk = config.read()
    run = {"desk": config.desk, "overrides": config.overrides}
    if config.simulate_with:
        # Before anything is loaded; the task reads keys again, since Prefect may show parameters.
        annotator_keys(Path(config.simulate_with))
        require_labels(_batch(desk, config), bool(desk.labels.topics), bool(desk.labels.entities))
    loaded = load_news(LoadNews(**run, skip=config.skip, limit=config.limit))
    answers = simulate_review(desk, config) if config.simulate_with else 0
    pulled = pull_reviewed(PullReviewed(**run))
    if desk.labels.topics:
        train_topics(DeskRun(**run))
    if desk.labels.entities:
        train_entities(DeskRun(**run))
    scores = score_models(DeskRun(**run))
    doubted = second_look(DeskRun(**run)).doubted
    found: list[ModelWorth] = []
    if config.insight:
        probe_models(DeskRun(**run))
        found = worth(DeskRun(**run))
    published = publish(Publish(**run))
    queue = prioritise(DeskRun(**run))
    annotator_report(DeskRun(**run))
    return CurateReport(
        loaded, answers, pulled.new_answers, pulled.gold, scores, doubted, found, published, queue
    )


@task(cache_policy=NO_CACHE)
def simulate_review(desk: Desk, config: Curate) -> int:
    """Simulated reviewers answer this batch from the source's labels; returns new answers."""
    keys = annotator_keys(Path(config.simulate_with or ""))
    ledger = open_ledger(desk)
    return review(
        desk, _batch(desk, config), keys, ledger.append_simulated, moves=read_moves(ledger)
    )


def _batch(desk: Desk, config: Curate) -> list[Article]:
    articles = read_articles(desk.source, desk.labels).articles
    return choose_batch(desk, articles, config.skip, config.limit or desk.source.limit)
