"""Where each waiting article stands in the queue: by uncertainty, diversity and lot."""

from collections.abc import Collection, Mapping, Sequence

from corpus.articles import Article, Prediction
from corpus.desk import Desk
from corpus.order.queue import Known, place_of_blind, places, queued
from corpus.order.uncertainty import uncertainties
from flows.similar import embed_articles


def order_articles(
    desk: Desk,
    waiting: Sequence[Article],
    blind: Collection[str],
    predictions: Mapping[str, Prediction],
    answered: Sequence[Article] = (),
) -> dict[str, float]:
    """Article id → its place in [0, 1], the lowest first, of every waiting one.

    Blind ones stand where the lot puts them: a place by what a model says would tell it.
    """
    shown = [article.id for article in waiting if article.id not in blind]
    asked = {i: predictions[i] for i in shown if i in predictions}
    shares, seed = desk.review.order, desk.review.seed
    alike = _clusters(desk, [*waiting, *answered]) if shares.diversity and shown else {}
    known = Known(uncertainties(asked), alike)
    queue = queued(shown, [article.id for article in answered], known, shares, seed)
    lots = {a.id: place_of_blind(a.id, seed) for a in waiting if a.id in blind}
    return places(queue) | lots


def _clusters(desk: Desk, articles: Sequence[Article]) -> dict[str, int]:
    # Loads scikit-learn, which a desk that orders by lot need not wait for.
    import numpy as np

    from training.order.clusters import clusters

    vectors = embed_articles(desk, articles)
    return clusters(list(vectors), np.array(list(vectors.values())), desk.review.seed)
