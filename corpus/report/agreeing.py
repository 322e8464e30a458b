"""Agreement as the report shows it: of too few articles nothing is stated."""

from collections.abc import Mapping
from dataclasses import dataclass

from corpus.agreement import MIN_ARTICLES
from corpus.intervals import Interval
from corpus.report.material import Material
from corpus.resolve import span_votes, topic_set_votes, topic_votes
from corpus.votes.figures import Figures
from corpus.votes.report import AgreementReport, choice_report, label_set_report, span_report


@dataclass(frozen=True, slots=True)
class Agreeing:
    """Of one part (an annotator, a label, a pair). ``values`` is empty for fewer than five articles
    with two answers, or where there is nothing to compare.
    """

    names: tuple[str, ...]
    articles: int
    pairs: int
    values: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class QuestionAgreement:
    """Of one question: all together, and each part."""

    overall: Agreeing
    annotators: tuple[Agreeing, ...]
    labels: tuple[Agreeing, ...]
    pairs: tuple[Agreeing, ...]


@dataclass(frozen=True, slots=True)
class AgreementFigures:
    """None where the desk does not ask the question."""

    topics: QuestionAgreement | None
    spans: QuestionAgreement | None


def measure_agreeing(
    material: Material, asks_topic: bool, asks_spans: bool, seed: int, several_topics: bool = False
) -> AgreementFigures:
    """By ``corpus.votes``, several topics as sets; what changed with the guidelines stands in
    ``corpus.report.drift``.
    """
    responses = [entry.response for entry in material.submitted]
    if several_topics:
        topics = label_set_report(topic_set_votes(responses), seed)
    else:
        topics = choice_report(topic_votes(responses), seed)
    return AgreementFigures(
        _question(topics) if asks_topic else None,
        _question(span_report(span_votes(responses), seed)) if asks_spans else None,
    )


def _question(report: AgreementReport) -> QuestionAgreement:
    return QuestionAgreement(
        overall=_stated((), report.overall),
        annotators=tuple(_stated((n,), f) for n, f in report.annotators.items()),
        labels=tuple(_stated((n,), f) for n, f in report.labels.items()),
        pairs=tuple(_stated(pair, f) for pair, f in report.pairs.items()),
    )


def _stated(names: tuple[str, ...], figures: Figures) -> Agreeing:
    values = figures.values if figures.items >= MIN_ARTICLES else {}
    return Agreeing(names, figures.items, figures.pairs, dict(values))
