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
from argilla_settings.data_sets import dataset_url, ensure_dataset
from argilla_settings.records import PAGE, log_records
from corpus.articles import Article
from corpus.desk import Desk
from corpus.instruct.answers import read_answer
from corpus.instruct.opinions import answers_ledger, read_generations, read_opinions
from corpus.review_state import desk_questions, open_ledger, read_gold
from flows.articles_to_answer import choose_articles
from flows.desk_run import DeskRun
from flows.generations import answer, newest_model
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
