"""score_models: trained models × frozen test split (and the source's benchmark) → scores."""

import logging
from collections.abc import Sequence
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from corpus.articles import Article, chosen_topics, gold_topics
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.review_state import Reviewed, read_reviewed
from corpus.sources.read import read_articles
from flows.desk_run import DeskRun
from flows.frozen_test import (
    Pairs,
    article_facts,
    gold_of_test,
    pairs_digest,
    plain_rows,
    predicted_rows,
    review_facts,
)
from flows.model_store import Kind, StoredModel, desk_kinds, desk_labels, require_model
from flows.row_scores import ModelScores, score_rows
from flows.score_tables import show
from publishing.predictions import write_predictions

log = logging.getLogger("flows.score_models")


@flow(name="score_models")
def score_models(config: DeskRun) -> list[ModelScores]:
    """Score each model of the desk with bootstrap intervals."""
    desk = config.read()
    review = read_reviewed(desk)
    benchmark = read_benchmark(desk, review.gold)
    scores = [score_model(desk, review, kind, benchmark) for kind in desk_kinds(desk)]
    show(desk, scores)
    return scores


@task(cache_policy=NO_CACHE)
def read_benchmark(desk: Desk, gold: Gold) -> list[Article]:
    """The source's own test articles; never one that was reviewed."""
    if desk.source.benchmark_split is None:
        return []
    reviewed = {r.article.id for r in gold.reviewed}
    found = read_articles(desk.source, desk.labels).articles
    return [
        a for a in found if a.source_split == desk.source.benchmark_split and a.id not in reviewed
    ]


@task(cache_policy=NO_CACHE)
def score_model(
    desk: Desk, review: Reviewed, kind: Kind, benchmark: Sequence[Article]
) -> ModelScores:
    """Score what was not scored yet, and keep scores and predictions beside the model."""
    stored = require_model(desk, review.gold, kind)
    test = gold_of_test(desk, review.gold, kind)
    found = stored.read("scores.json")
    other = source_gold(benchmark, kind)
    known = {article.id: article_facts(article) for article, _ in other}
    for name, pairs, facts in (("test", test, review_facts(review)), ("benchmark", other, known)):
        digest, file = pairs_digest(pairs, facts), stored.predictions(name)
        if found.get(f"{name}_digest") != digest or (pairs and not file.exists()):
            rows: list[dict[str, Any]] = []
            if pairs:
                log.info("scoring %s on %d articles (%s)", kind, len(pairs), name)
                rows = predicted_rows(kind, stored.model, pairs, facts)
            # Before the digest that says that they are there.
            write_predictions(rows, file)
            scores = score_rows(rows, kind, desk_labels(desk, kind), desk.models.seed)
            if kind == "entities" and name == "test":
                scores |= _plain_scores(desk, stored, pairs)
            found |= {f"{name}_digest": digest, name: scores}
            stored.write("scores.json", found)
    if not test:
        log.warning(
            "the %s model is not scored on review: no article of the test split is resolved; "
            "answer blind records in Argilla, or raise review.blind_share for new ones",
            kind,
        )
    return ModelScores(kind, stored.key, found["test"], found["benchmark"])


def _plain_scores(desk: Desk, stored: StoredModel, pairs: Pairs) -> dict[str, Any]:
    """What the code on the model's card finds in the same articles: also kept, row by row."""
    rows = plain_rows(stored.model, pairs)
    write_predictions(rows, stored.predictions("plain"))
    scores = score_rows(rows, "entities", desk_labels(desk, "entities"), desk.models.seed)
    return {"plain": scores["f1"]} if scores else {}


def source_gold(benchmark: Sequence[Article], kind: Kind) -> Pairs:
    """The source's own labels of these articles, where it has any."""
    if kind == "topics":
        return [(a, gold_topics(a)) for a in benchmark if chosen_topics(a) is not None]
    return [(article, article.spans) for article in benchmark if article.spans is not None]


def require_scores(desk: Desk, review: Reviewed, kind: Kind, stored: StoredModel) -> None:
    """DeskError where the model was not scored on the test split as it is now."""
    test = gold_of_test(desk, review.gold, kind)
    digest = pairs_digest(test, review_facts(review))
    scored = stored.read("scores.json").get("test_digest") == digest
    if not scored or (test and not stored.predictions("test").exists()):
        raise DeskError(
            f"The {kind} model of desk {desk.name!r} is not scored on the test split as it is now.",
            "Run copydesk score, then copydesk publish.",
        )
