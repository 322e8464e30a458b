"""All figures of the annotator report, from the ledger alone."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from corpus.agreement import MIN_ARTICLES
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.intervals import PERCENT
from corpus.ledger import Ledger
from corpus.report.agreeing import AgreementFigures, measure_agreeing
from corpus.report.asked import Asked, measure_asked
from corpus.report.confusion import SpanConfusion, TopicConfusion, span_confusion, topic_confusion
from corpus.report.discards import Discards, measure_discards
from corpus.report.drift import Drift, measure_drift, topics_given
from corpus.report.material import Material, read_material
from corpus.report.periods import Periods, measure_periods
from corpus.report.progress import Progress, measure_progress
from corpus.report.speed import Speeds, measure_speed
from corpus.suggestions.measure import SuggestionEffects, effect_rows, measure_effects


@dataclass(frozen=True, slots=True)
class EffectRow:
    """What suggestions do, a line of ``corpus.suggestions.measure.effect_rows``."""

    what: str
    figure: str


@dataclass(frozen=True, slots=True)
class AnnotatorReport:
    """What the lead of a desk wants to know of its annotators, who have the ledger's names.

    Intervals are of ``percent`` percent, over articles (median seconds: over answers); of fewer
    than ``min_articles`` articles nothing is stated. ``answered_until`` is the time of the last
    answer. ``topics`` and ``spans`` are None where the desk does not ask for them, and ``topics``
    where it asks for several: which of two sets stands for which nobody can tell.
    """

    desk: str
    answered_until: str
    percent: int
    min_articles: int
    progress: Progress
    speed: Speeds
    agreement: AgreementFigures
    discards: Discards
    asked: tuple[Asked, ...]
    topics: TopicConfusion | None
    spans: SpanConfusion | None
    drift: Drift
    periods: Periods
    suggestions: SuggestionEffects
    suggestion_rows: tuple[EffectRow, ...]
    several_topics: bool


def read_report(desk: Desk, ledger: Ledger) -> AnnotatorReport:
    """Of everything pulled so far. Raises DeskError before the first answer or discard."""
    material = read_material(ledger)
    if not material.annotators():
        raise DeskError(
            f"Desk {desk.name!r} has no answer in its ledger.",
            "Answer records in Argilla, then run copydesk pull.",
        )
    return measure_report(desk, material)


def measure_report(desk: Desk, material: Material) -> AnnotatorReport:
    """``desk.models.seed`` is that of the resampling."""
    seed = desk.models.seed
    topics, types = list(desk.labels.topics), list(desk.labels.entities)
    several = desk.labels.several_topics
    topic = topic_confusion(material, topics) if topics and not several else None
    spans = span_confusion(material, types) if types else None
    given: tuple[Sequence[str], Sequence[str]] = (
        topic.labels if topic else _ever_given(material, topics),
        spans.labels if spans else (),
    )
    effects = measure_effects(material.statements, material.hidden, material.simulated, seed)
    return AnnotatorReport(
        desk=desk.name,
        answered_until=max((e.answered_at.isoformat() for e in material.submitted), default=""),
        percent=PERCENT,
        min_articles=MIN_ARTICLES,
        progress=measure_progress(material, desk),
        speed=measure_speed(material, seed),
        agreement=measure_agreeing(material, bool(topics), bool(types), seed, several),
        discards=measure_discards(material, seed),
        asked=measure_asked(material, desk.review.also_ask, seed),
        topics=topic,
        spans=spans,
        drift=measure_drift(material, *given, seed),
        periods=measure_periods(material, *given, seed),
        suggestions=effects,
        suggestion_rows=tuple(EffectRow(what, figure) for what, figure in effect_rows(effects)),
        several_topics=several,
    )


def _ever_given(material: Material, topics: Sequence[str]) -> tuple[str, ...]:
    """The desk's topics, then those that it no longer has; nothing where it asks for none."""
    given = {topic for _, topic in topics_given(material.submitted)} if topics else set()
    return (*topics, *sorted(given - set(topics)))


def to_json(report: AnnotatorReport) -> dict[str, Any]:
    """As plain values; every interval is {"value", "low", "high"}, or null."""
    return asdict(report)
