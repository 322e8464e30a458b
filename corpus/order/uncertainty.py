"""How unsure a model is of an article, from what it predicted.

A topic: one minus its (calibrated) probability, the least confidence of Lewis and Gale (1994). Of
several topics an article: the topic nearest to a coin's toss. Spans: how many of the predicted
ones are expected to be wrong, the sum of one minus each score; a mention that the model does not
see at all adds nothing.
"""

from collections.abc import Iterable, Mapping
from statistics import fmean

from corpus.articles import Prediction, ScoredSpan


def topic_uncertainty(score: float) -> float:
    """In [0, 1], of the probability of the most probable topic."""
    return 1 - score


def topics_uncertainty(probabilities: Iterable[float]) -> float:
    """In [0, 1], of topics that do not exclude each other: 1 where one of them is at 0.5."""
    return max((1 - abs(2 * p - 1) for p in probabilities), default=0.0)


def span_uncertainty(spans: Iterable[ScoredSpan]) -> float:
    """The expected number of wrong spans among the predicted ones."""
    return sum(1 - span.score for span in spans)


def uncertainties(predictions: Mapping[str, Prediction]) -> dict[str, float]:
    """Article id → uncertainty in [0, 1], of those that a model said something about.

    An answer serves both questions, so both count the same: the mean of the article's ranks among
    all of these, of its topic and of its spans (equal values share a rank).
    """
    topics, spans = {}, {}
    for article_id, said in predictions.items():
        if said.uncertainty is not None:
            topics[article_id] = said.uncertainty
        elif said.topic_score is not None:
            topics[article_id] = topic_uncertainty(said.topic_score)
        if said.spans is not None:
            spans[article_id] = span_uncertainty(said.spans)
    ranks = [_ranks(values) for values in (topics, spans)]
    return {
        i: fmean(found[i] for found in ranks if i in found) for i in topics.keys() | spans.keys()
    }


def _ranks(values: Mapping[str, float]) -> dict[str, float]:
    """The share of values below each, those equal to it by half."""
    count: dict[float, int] = {}
    for value in values.values():
        count[value] = count.get(value, 0) + 1
    below, rank = 0, {}
    for value in sorted(count):
        rank[value] = (below + count[value] / 2) / len(values)
        below += count[value]
    return {i: rank[value] for i, value in values.items()}
