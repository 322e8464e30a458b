"""The vectors of articles: of records in Argilla for *Find similar*, and for diversity."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import argilla as rg

from argilla_settings.records import has_article_id, list_rows, to_article
from argilla_settings.vectors import (
    all_have_vectors,
    begin_vectors,
    finish_vectors,
    leave_unfinished,
    set_vectors,
)
from corpus.articles import Article, model_input
from corpus.desk import Desk

log = logging.getLogger("flows.similar")

Vectors = Mapping[str, Sequence[float]]


def embed_articles(desk: Desk, articles: Sequence[Article]) -> dict[str, Any]:
    """Article id → its unit vector by the desk's encoder; each is computed once on a machine."""
    if not articles:
        return {}
    # Loads torch, which a desk that needs no vectors need not wait for.
    from training.worth.topics import embed

    texts = [model_input(article) for article in articles]
    found = embed(texts, desk.models.encoder, desk.models.topics.max_length_tokens)
    return {article.id: vector for article, vector in zip(articles, found, strict=True)}


def prepare_similar(
    client: rg.Argilla, dataset: rg.Dataset, desk: Desk, new: Sequence[Article]
) -> Vectors:
    """The vectors of new articles, after every record that is there was given its own.

    Empty where the desk wants none; the next load that wants them completes what comes meanwhile.
    """
    if not desk.review.find_similar:
        if new:
            leave_unfinished(client, dataset)
        return {}
    vectors = embed_articles(desk, new)
    # Loads torch, too.
    from training.encoder import base_model_name, encoder_digest

    # Its name alone does not tell two folders, or two revisions, from each other.
    encoder = f"{base_model_name(desk.models.encoder)} ({encoder_digest(desk.models.encoder)[:8]})"
    width = next((len(vector) for vector in vectors.values()), None)
    if all_have_vectors(client, dataset, encoder, width):
        return vectors
    rows = {r["id"]: to_article(r) for r in list_rows(client, dataset) if has_article_id(r)}
    there = embed_articles(desk, list(rows.values()))
    width = next((len(vector) for vector in (there | vectors).values()), None)
    if width is None:
        return vectors
    begin_vectors(client, dataset, encoder, width)
    set_vectors(client, dataset, {i: there[article.id] for i, article in rows.items()})
    finish_vectors(client, dataset, encoder)
    if rows:
        log.info("%d records can be found by what is similar now", len(rows))
    return vectors
