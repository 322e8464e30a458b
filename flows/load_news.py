"""load_news: source → articles → predictions → records in Argilla."""

import logging
from collections.abc import Sequence

import argilla as rg
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from argilla_settings.connection import connect
from argilla_settings.data_sets import dataset_url, ensure_dataset
from argilla_settings.licenses import correct_licenses, other_licenses
from argilla_settings.news import NEWS
from argilla_settings.records import PAGE, list_rows, log_records, to_record
from argilla_settings.vectors import to_vectors
from corpus.articles import Article, Prediction
from corpus.desk import Desk
from corpus.instruct.opinions import answers_ledger
from corpus.permissions import states_licenses
from corpus.review_state import open_ledger
from corpus.sources.read import LoadedArticles, read_articles
from corpus.splits import is_blind
from flows.desk_run import DeskRun
from flows.hidden_predictions import keep_hidden
from flows.load_report import LoadReport, count_agents, show_load
from flows.ordering import order_articles
from flows.similar import Vectors, prepare_similar

log = logging.getLogger("flows.load_news")


class LoadNews(DeskRun):
    """Which part of the source is loaded; source.limit of the desk is the default limit."""

    skip: int = Field(0, ge=0, description="leave out so many reviewable articles first")
    limit: int | None = Field(None, ge=1, description="load at most so many articles")


@flow(name="load_news")
def load_news(config: LoadNews) -> LoadReport:
    """Load a batch of articles into Argilla with pre-annotations; what is there stays as it is."""
    desk = config.read()
    loaded = read_source(desk)
    batch = choose_batch(desk, loaded.articles, config.skip, config.limit or desk.source.limit)
    client = connect()
    dataset = ensure_dataset(client, desk, NEWS)
    follow_licenses(client, dataset, desk, loaded.articles)
    new = leave_out_known(client, dataset, desk, batch)
    predictions = predict_batch(desk, new)
    vectors = find_vectors(client, dataset, desk, new)
    blind = log_batch(desk, dataset, new, predictions, vectors)
    report = LoadReport(
        read=loaded.read,
        skipped=loaded.skipped,
        repairs=loaded.repairs,
        articles=len(batch),
        new=len(new),
        blind=blind,
        suggestions=count_agents(predictions),
        argilla_url=dataset_url(client, dataset),
    )
    show_load(desk, report, new)
    return report


@task(cache_policy=NO_CACHE)
def read_source(desk: Desk) -> LoadedArticles:
    """Read and check every row of the source."""
    return read_articles(desk.source, desk.labels)


def choose_batch(
    desk: Desk, articles: Sequence[Article], skip: int, limit: int | None
) -> list[Article]:
    """The reviewable articles from ``skip`` on, at most ``limit``; never the benchmark's."""
    splits = desk.source.review_splits
    reviewable = [
        article
        for article in articles
        if (splits is None or article.source_split in splits)
        and (
            desk.source.benchmark_split is None
            or article.source_split != desk.source.benchmark_split
        )
    ]
    return reviewable[skip : None if limit is None else skip + limit]


@task(cache_policy=NO_CACHE)
def follow_licenses(
    client: rg.Argilla, dataset: rg.Dataset, desk: Desk, articles: Sequence[Article]
) -> None:
    """Articles that are there follow a source that states another licence for them now."""
    if not states_licenses(desk):
        return
    ledger = open_ledger(desk)
    # A pull reads articles that people answered; models may have answered others. Corrected first
    # and always: a kill after Argilla is corrected would leave nothing to notice here.
    answered = answers_ledger(ledger)
    known = answered.articles()
    answered.append_articles(article for article in articles if article.id in known)
    others = other_licenses(client, dataset, articles)
    if others:
        # The next pull must read all records. Noted first: a kill in between costs only that.
        ledger.set_cursor({**ledger.cursor(), "licences": "corrected"})
        correct_licenses(client, dataset, others)
        log.warning("%d articles have another licence than before; pull, then publish", len(others))


@task(cache_policy=NO_CACHE)
def leave_out_known(
    client: rg.Argilla, dataset: rg.Dataset, desk: Desk, batch: Sequence[Article]
) -> list[Article]:
    """The articles that Argilla does not hold yet; ids are content ids.

    An article whose record was deleted in Argilla after it was answered stays out.
    """
    known = {row["external_id"] for row in list_rows(client, dataset)}
    withdrawn = open_ledger(desk).withdrawn() - known
    new = [article for article in batch if article.id not in known | withdrawn]
    if withdrawn & {article.id for article in batch}:
        log.info("%d articles deleted in Argilla are not loaded again", len(withdrawn))
    log.info("%d of %d articles are new to Argilla", len(new), len(batch))
    return new


@task(cache_policy=NO_CACHE)
def predict_batch(desk: Desk, articles: Sequence[Article]) -> dict[str, Prediction]:
    """What the source, the last published models, or those before them say."""
    if not articles:
        return {}
    # Loads torch: seconds that a load of nothing new, or of a wrong file, need not wait.
    from flows.preannotation import pre_annotate

    return pre_annotate(desk, articles)


@task(cache_policy=NO_CACHE)
def find_vectors(
    client: rg.Argilla, dataset: rg.Dataset, desk: Desk, articles: Sequence[Article]
) -> Vectors:
    """What *Find similar* needs, of new articles and of records that do not have it yet."""
    return prepare_similar(client, dataset, desk, articles)


@task(cache_policy=NO_CACHE)
def log_batch(
    desk: Desk,
    dataset: rg.Dataset,
    articles: Sequence[Article],
    predictions: dict[str, Prediction],
    vectors: Vectors,
) -> int:
    """Log the records page by page; returns how many are blind."""
    blind = {a.id: is_blind(a.id, desk.review.blind_share, desk.review.seed) for a in articles}
    hidden = [article for article in articles if blind[article.id]]
    keep_hidden(desk, hidden, predictions)
    places = order_articles(desk, articles, {article.id for article in hidden}, predictions)
    for start in range(0, len(articles), PAGE):
        page = articles[start : start + PAGE]
        told = [
            to_record(
                a,
                predictions.get(a.id),
                blind[a.id],
                places[a.id],
                to_vectors(vectors[a.id]) if a.id in vectors else None,
            )
            for a in page
        ]
        log_records(dataset, told)
        log.info("logged %d of %d records", start + len(page), len(articles))
    if articles and desk.review.blind_share and not any(blind.values()):
        log.warning(
            "none of these %d records is blind, and only blind ones test the models: load more, or "
            "raise review.blind_share",
            len(articles),
        )
    return sum(blind.values())
