"""annotator_report: ledger → what the lead of a desk wants to know of its annotators."""

import logging
import os

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from argilla_settings.addresses import open_addresses
from corpus.desk import Desk
from corpus.ledger import Ledger
from corpus.report.measure import AnnotatorReport, read_report, to_json
from corpus.review_state import open_ledger
from flows.desk_run import DeskRun
from publishing.review_report.page import report_markdown

log = logging.getLogger("flows.annotator_report")


@flow(name="annotator_report")
def annotator_report(config: DeskRun) -> AnnotatorReport:
    """Figures of everything pulled so far, under the names of the ledger."""
    desk = config.read()
    ledger = open_ledger(desk)
    report = measure(desk, ledger)
    show(desk, ledger, report)
    return report


@task(cache_policy=NO_CACHE)
def measure(desk: Desk, ledger: Ledger) -> AnnotatorReport:
    """From the ledger alone."""
    report = read_report(desk, ledger)
    log.info("%d answers of %d people", report.progress.answers, report.progress.people)
    return report


def show(desk: Desk, ledger: Ledger, report: AnnotatorReport) -> None:
    """Artifact: sentences and tables. Real names are for ``copydesk report --names`` alone."""
    discarded = {article.id for article in report.discards.articles}
    links = open_addresses(os.environ.get("ARGILLA_API_URL", ""), ledger, discarded)
    create_markdown_artifact(
        markdown=report_markdown(to_json(report), links),
        key=f"{desk.name}-annotators".replace("_", "-"),
        description=f"What {report.progress.people} annotators of {desk.name} did.",
    )
