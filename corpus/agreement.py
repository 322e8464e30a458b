"""How far the annotators of a desk agree, before anything is resolved (``corpus.votes``)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from corpus.articles import Response
from corpus.intervals import RESAMPLES, Interval
from corpus.resolve import span_votes, topic_set_votes, topic_votes
from corpus.votes.choices import choice_figures
from corpus.votes.report import ALPHA
from corpus.votes.set_alpha import set_alpha
from corpus.votes.sets import count_pairs, set_figures

# Of fewer, an interval is so wide that nobody should read the value.
MIN_ARTICLES = 5


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement over the records with two or more answers; None where there is none.

    ``topic_percent``: share of pairs of answers that chose the same topic; of several topics, all
    of them the same. ``topic_alpha``: Krippendorff's alpha, nominal; of several topics by
    Jaccard's distance; None where all chose one topic.
    ``span_f1``: exact-span F1 between annotators, pooled over all pairs, so that records
    where nobody marked anything do not inflate it.
    """

    records: int
    topic_percent: float | None
    topic_alpha: float | None
    span_f1: float | None


@dataclass(frozen=True, slots=True)
class AgreementIntervals:
    """The figures of ``Agreement``; None where nothing can be compared, and where fewer than five
    articles (``MIN_ARTICLES``) have two answers.
    """

    records: int
    topic_percent: Interval | None
    topic_alpha: Interval | None
    span_f1: Interval | None


def measure_agreement(answers: Iterable[Sequence[Response]]) -> Agreement:
    """Agreement of submitted responses, grouped by record."""
    found = _measure([group for group in answers if len(group) > 1], seed=0, resamples=0)
    return Agreement(
        records=found.records,
        topic_percent=_value(found.topic_percent),
        topic_alpha=_value(found.topic_alpha),
        span_f1=_value(found.span_f1),
    )


def agreement_intervals(
    answers: Sequence[Sequence[Response]], seed: int, resamples: int = RESAMPLES
) -> AgreementIntervals:
    """Agreement of submitted responses grouped by article; order does not matter."""
    groups = [group for group in answers if len(group) > 1]
    if len(groups) < MIN_ARTICLES:
        return AgreementIntervals(len(groups), None, None, None)
    return _measure(groups, seed, resamples)


def _measure(groups: Sequence[Sequence[Response]], seed: int, resamples: int) -> AgreementIntervals:
    everything = [response for group in groups for response in group]
    topics = _topic_figures(everything, seed, resamples)
    spans = set_figures(count_pairs(span_votes(everything)), seed, resamples=resamples).values
    return AgreementIntervals(
        records=len(groups),
        topic_percent=topics.get("percent"),
        topic_alpha=topics.get(ALPHA),
        span_f1=spans.get("f1_exact"),
    )


def _topic_figures(
    responses: Sequence[Response], seed: int, resamples: int
) -> Mapping[str, Interval | None]:
    if all(response.topics is None for response in responses):
        return choice_figures(topic_votes(responses), seed, resamples).values
    votes = topic_set_votes(responses)
    percent = choice_figures(votes, seed, resamples).values.get("percent")
    return {"percent": percent, ALPHA: set_alpha(votes, seed, resamples)}


def _value(figure: Interval | None) -> float | None:
    return None if figure is None else figure.value
