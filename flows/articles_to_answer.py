"""Which articles an instruction model answers for people to correct."""

import logging

import argilla as rg
from prefect import task
from prefect.cache_policies import NO_CACHE

from argilla_settings.data_sets import require_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import has_article_id, list_rows, to_article
from corpus.articles import Article
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.instruct.answerable import answerable, in_order
from corpus.instruct.opinions import answers_ledger, read_generations
from corpus.instruct.pairs import is_resolved
from corpus.review_state import desk_questions, open_ledger
from flows.model_store import StoredModel

log = logging.getLogger("flows.articles_to_answer")


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
