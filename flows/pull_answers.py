"""pull_answers: ratings and corrections of models' answers → ledger → what the next one learns."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import argilla as rg
from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from argilla_settings.answer_records import pull_opinions
from argilla_settings.answers import ANSWERS, answers_name
from argilla_settings.connection import connect
from argilla_settings.data_sets import require_dataset
from argilla_settings.second_look import article_url
from corpus.desk import Desk
from corpus.instruct.corrections import Broken, Corrections
from corpus.instruct.opinions import (
    answers_ledger,
    append_opinions,
    read_generations,
    read_opinions,
)
from corpus.ledger import Ledger
from corpus.moves import Moves
from corpus.review_state import open_ledger, resolve_ledger
from corpus.statements import current_statements
from flows.desk_run import DeskRun
from flows.pulling import buried, pull_changes

log = logging.getLogger("flows.pull_answers")
SHOWN = 50


class PullAnswers(DeskRun):
    """``full`` reads everything again although Argilla reports no new activity."""

    full: bool = False


@dataclass(frozen=True, slots=True)
class PulledAnswers:
    """``new`` counts new, edited and deleted opinions; ``opinions`` those submitted by now, with
    their mean rating (None: none). ``broken`` are the lines that say why a correction is not used.
    """

    new: int
    opinions: int
    mean_rating: float | None
    corrections: Corrections
    broken: tuple[str, ...]


@flow(name="pull_answers")
def pull_answers(config: PullAnswers) -> PulledAnswers:
    """Append new opinions to the ledger and resolve what people corrected."""
    desk = config.read()
    ledger = open_ledger(desk)
    answers = answers_ledger(ledger)
    client = connect()
    dataset = require_dataset(client, desk, ANSWERS)

    def append(moves: Moves) -> int:
        return append_new(client, dataset, desk, answers, moves)

    new = pull_changes(client, dataset, answers, append, config.full)
    found = resolve(desk, ledger, new)
    show(desk, client, dataset, found)
    return found


@task(cache_policy=NO_CACHE)
def append_new(
    client: rg.Argilla, dataset: rg.Dataset, desk: Desk, ledger: Ledger, moves: Moves
) -> int:
    """Read all records with their opinions and append what the ledger does not hold."""
    # Read before Argilla is asked: what another pull adds meanwhile is not deleted.
    held = current_statements(read_opinions(ledger))
    opinions, strange = pull_opinions(client, dataset, desk, read_generations(ledger), moves)
    if strange:
        log.warning("%d opinions are of records that this desk did not load", strange)
    gone = buried(ledger, dataset, held, opinions)
    new = append_opinions(ledger, [*opinions, *gone])
    log.info("%d opinions read, %d new, edited or deleted", len(opinions), new)
    return new


@task(cache_policy=NO_CACHE)
def resolve(desk: Desk, ledger: Ledger, new: int) -> PulledAnswers:
    """Corrections of all opinions; their articles get their split here, once and for good."""
    resolved = resolve_ledger(desk, ledger)
    review, found = resolved.review, resolved.corrections
    ledger.append_splits({c.article.id: c.split for c in found.used})
    ratings = [o.rating for o, _, _ in review.submitted() if o.rating is not None]
    mean = sum(ratings) / len(ratings) if ratings else None
    broken = tuple(
        f"{b.opinion.generation} by {b.opinion.annotator}: {b.problem}" for b in found.broken
    )
    return PulledAnswers(new, len(review.submitted()), mean, found, broken)


def correction_rows(found: Corrections) -> list[tuple[str, int]]:
    """What became of the corrections, for tables and the terminal."""
    return [
        ("articles whose correction teaches the next model", len(found.used)),
        ("broken corrections", len(found.broken)),
        ("opinions below the best rating without a correction", found.unsaid),
        ("articles that wait for more opinions", found.waiting),
        ("articles whose corrections tie", found.tied),
        ("articles reviewed by the desk's own questions, which win", found.in_gold),
        ("articles of the test split, or like one", found.tested),
    ]


def show(desk: Desk, client: rg.Argilla, dataset: rg.Dataset, found: PulledAnswers) -> None:
    """Artifacts: the state of the review, and each broken correction with its record."""
    key = answers_name(desk).replace("_", "-")
    mean = "none" if found.mean_rating is None else f"{found.mean_rating:.2f}"
    rows = [("new, edited or deleted opinions", str(found.new)), ("mean rating", mean)]
    rows += [(what, str(count)) for what, count in correction_rows(found.corrections)]
    table = [{"what": what, "value": value} for what, value in rows]
    create_table_artifact(table=table, key=f"{key}-reviewed")
    for line in found.broken:
        log.warning("correction not used: %s", line)
    if found.corrections.broken:
        table = _broken(client, dataset, found.corrections.broken[:SHOWN])
        create_table_artifact(table=table, key=f"{key}-broken")


def _broken(
    client: rg.Argilla, dataset: rg.Dataset, broken: Sequence[Broken]
) -> list[dict[str, str]]:
    return [
        {
            "record": b.opinion.generation,
            "article": f"[{b.article.title or b.article.text[:80]}]"
            f"({article_url(client, dataset, b.article)})",
            "annotator": b.opinion.annotator,
            "problem": b.problem,
            "correction": b.opinion.correction,
        }
        for b in broken
    ]
