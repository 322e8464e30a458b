"""load_answers: instruction model × articles → answers to rate and correct in Argilla."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import argilla as rg
from prefect import flow, task
from prefect.artifacts import create_link_artifact
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from argilla_settings.answer_records import known_ids, to_answer_record
from argilla_settings.answers import ANSWERS, answers_name
from argilla_settings.connection import connect
from argilla_settings.data_sets import dataset_url, ensure_dataset, require_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import PAGE, has_article_id, list_rows, log_records, to_article
from corpus.articles import Article
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.instruct.answerable import answerable, in_order
from corpus.instruct.answers import read_answer
from corpus.instruct.opinions import answers_ledger, read_generations, read_opinions
from corpus.instruct.pairs import is_resolved
from corpus.review_state import desk_questions, open_ledger, read_gold
from flows.desk_run import DeskRun
from flows.generations import newest_model, write_generations
from flows.model_store import StoredModel

log = logging.getLogger("flows.load_answers")


class LoadAnswers(DeskRun):
    """How many articles are put before people; a higher limit adds to them."""

    limit: int = Field(50, ge=1, description="articles that the model answers, in all")


@dataclass(frozen=True, slots=True)
class LoadedAnswers:
    """``answers`` of this model are to be reviewed, ``new`` of them since this load; ``invalid``
    of the new ones break the form.
    """

    model: str
    answers: int
    new: int
    invalid: int
    argilla_url: str


@flow(name="load_answers")
def load_answers(config: LoadAnswers) -> LoadedAnswers:
    """Let the model answer articles that are not of the test; what is there stays as it is."""
    desk = config.read()
    gold = read_gold(desk)
    stored = newest_model(desk, gold)
    client = connect()
    chosen = choose_articles(client, desk, gold, stored, config.limit)
    dataset = ensure_dataset(client, desk, ANSWERS)
    answer(desk, gold, stored, chosen)
    loaded = log_answers(client, dataset, desk, stored, chosen)
    create_link_artifact(
        link=loaded.argilla_url,
        link_text=f"Correct {answers_name(desk)} in Argilla",
        key=answers_name(desk).replace("_", "-"),
    )
    return loaded


@task(cache_policy=NO_CACHE)
def choose_articles(
    client: rg.Argilla, desk: Desk, gold: Gold, stored: StoredModel, limit: int
) -> list[Article]:
    """Of the desk's Argilla data set, never of the test or like it; not reviewed ones first."""
    rows = [r for r in list_rows(client, require_dataset(client, desk, NEWS)) if has_article_id(r)]
    blind = {r["external_id"]: (r["metadata"] or {}).get("blind") == "yes" for r in rows}
    articles = [to_article(row) for row in rows if row["external_id"] not in gold.quarantined]
    ledger = open_ledger(desk)
    known = {r.article.id: r.split for r in gold.reviewed} | ledger.splits()
    free = answerable(desk, articles, blind, known)
    written = read_generations(answers_ledger(ledger)).values()
    questions = desk_questions(desk)
    resolved = {r.article.id for r in gold.reviewed if is_resolved(r, questions)}
    resolved |= {c.article.id for c in gold.corrected}
    answered = {g.article_id for g in written if g.model == stored.key}
    log.info("%d of %d articles may be answered, the others may test", len(free), len(rows))
    return in_order(free, answered, resolved)[:limit]


@task(cache_policy=NO_CACHE)
def answer(desk: Desk, gold: Gold, stored: StoredModel, articles: Sequence[Article]) -> None:
    """Ask the model what it has not answered yet."""
    ledger = answers_ledger(open_ledger(desk))
    known = {g.article_id for g in read_generations(ledger).values() if g.model == stored.key}
    write_generations(desk, gold, stored, [a for a in articles if a.id not in known], ledger)


@task(cache_policy=NO_CACHE)
def log_answers(
    client: rg.Argilla,
    dataset: rg.Dataset,
    desk: Desk,
    stored: StoredModel,
    articles: Sequence[Article],
) -> LoadedAnswers:
    """Records of what Argilla does not hold; a record deleted there after an opinion stays out."""
    ledger, questions = answers_ledger(open_ledger(desk)), desk_questions(desk)
    there, generations = known_ids(client, dataset), read_generations(ledger)
    withdrawn = {opinion.generation for opinion in read_opinions(ledger)} - there
    wanted = {f"{article.id}:{stored.key}": article for article in articles}
    new = [
        (generations[identifier], article)
        for identifier, article in wanted.items()
        if identifier not in there | withdrawn
    ]
    for start in range(0, len(new), PAGE):
        page = new[start : start + PAGE]
        log_records(dataset, [to_answer_record(g, a, questions) for g, a in page])
        log.info("logged %d of %d answers", start + len(page), len(new))
    return LoadedAnswers(
        model=stored.key,
        answers=len(wanted.keys() - withdrawn),
        new=len(new),
        invalid=sum(read_answer(g.written, questions).answer is None for g, _ in new),
        argilla_url=dataset_url(client, dataset),
    )
