"""All that a ledger says about what suggestions do to answers."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from corpus.agreement import AgreementIntervals, agreement_intervals
from corpus.intervals import RESAMPLES, Interval
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from corpus.statements import StatementKey, current_statements
from corpus.suggestions.acceptance import KeptShare, measure_all, measure_by_score
from corpus.suggestions.cases import missed_cases, span_cases, topic_cases
from corpus.suggestions.hidden import Hidden, read_hidden
from corpus.suggestions.pull import Pull, estimate_pull
from corpus.suggestions.times import Times, measure_times, was_shown


@dataclass(frozen=True, slots=True)
class Question:
    """Of topics or of spans: what was kept, in all and by score, and the pull."""

    acceptance: KeptShare
    by_score: tuple[KeptShare, ...]
    pull: Pull


@dataclass(frozen=True, slots=True)
class SuggestionEffects:
    """What suggestions do to answers; every interval is of 95 percent, over articles.

    ``several_topics``: answers are sets of topics, and a suggested one counts by itself. ``missed``
    is the pull of what a model did not suggest: the share of spans left out because
    nothing stood there. ``simulated`` of the ``answers`` are those of simulated reviewers.
    """

    answers: int
    simulated: int
    hidden: int
    topics: Question
    spans: Question
    missed: Pull
    agreement_shown: AgreementIntervals
    agreement_blind: AgreementIntervals
    times: Times
    several_topics: bool = False


def read_effects(ledger: Ledger, seed: int) -> SuggestionEffects:
    """Of everything pulled so far; ``seed`` is that of the resampling."""
    return measure_effects(ledger.entries(), read_hidden(ledger), ledger.simulated(), seed)


def measure_effects(
    entries: Sequence[LedgerEntry],
    hidden: Hidden,
    simulated: Collection[StatementKey],
    seed: int,
    resamples: int = RESAMPLES,
) -> SuggestionEffects:
    """``entries`` are all that were ever appended; those that do not count now only give times."""
    current = current_statements(entries)
    submitted = [current[key] for key in sorted(current) if current[key].status == "submitted"]
    topics, spans = topic_cases(submitted, hidden), span_cases(submitted, hidden)
    return SuggestionEffects(
        answers=len(submitted),
        simulated=sum(entry.key in simulated for entry in submitted),
        hidden=len(hidden),
        topics=Question(
            measure_all(topics, seed, resamples),
            tuple(measure_by_score(topics, seed, resamples)),
            estimate_pull(topics, "kept", seed, resamples),
        ),
        spans=Question(
            measure_all(spans, seed, resamples),
            tuple(measure_by_score(spans, seed, resamples)),
            estimate_pull(spans, "kept", seed, resamples),
        ),
        missed=estimate_pull(missed_cases(submitted, hidden), "missed", seed, resamples),
        agreement_shown=_agreement([e for e in submitted if was_shown(e)], seed, resamples),
        agreement_blind=_agreement([e for e in submitted if e.blind], seed, resamples),
        times=measure_times(entries, simulated, seed, resamples),
        several_topics=any(entry.response.topics is not None for entry in submitted),
    )


def to_json(effects: SuggestionEffects) -> dict[str, Any]:
    """As plain values; every interval is {"value", "low", "high"}, or null."""
    return asdict(effects)


def interval_text(interval: Interval | None, digits: int = 3) -> str:
    """``0.31 [0.24, 0.38]``, for people."""
    if interval is None:
        return "not measured"
    return "{:.{d}f} [{:.{d}f}, {:.{d}f}]".format(
        interval.value, interval.low, interval.high, d=digits
    )


def effect_rows(effects: SuggestionEffects) -> list[tuple[str, str]]:
    """What → figure, for people."""
    shown, blind, times = effects.agreement_shown, effects.agreement_blind, effects.times
    same = "exactly the same topics" if effects.several_topics else "same topic"
    return [
        ("topic suggestions kept", _kept(effects.topics.acceptance)),
        ("pull on topics", _pull(effects.topics.pull)),
        ("span suggestions kept", _kept(effects.spans.acceptance)),
        ("pull on suggested spans", _pull(effects.spans.pull)),
        ("pull of spans not suggested", _pull(effects.missed)),
        (f"{same}, with suggestions", interval_text(shown.topic_percent)),
        (f"{same}, without", interval_text(blind.topic_percent)),
        ("span F1 between annotators, with suggestions", interval_text(shown.span_f1)),
        ("span F1 between annotators, without", interval_text(blind.span_f1)),
        ("seconds an answer, with suggestions", interval_text(times.shown_seconds, 1)),
        ("seconds an answer, without", interval_text(times.blind_seconds, 1)),
    ]


def _kept(acceptance: KeptShare) -> str:
    return f"{interval_text(acceptance.kept)} of {acceptance.shown}"


def _pull(pull: Pull) -> str:
    if pull.interval is None:
        return f"not measured: {pull.reason}"
    below = " (below 0: chance, or people who shun suggestions)" if pull.interval.value < 0 else ""
    return f"{interval_text(pull.interval)}{below}"


def _agreement(entries: Sequence[LedgerEntry], seed: int, resamples: int) -> AgreementIntervals:
    groups: Mapping[str, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        groups[entry.response.article_id].append(entry)
    return agreement_intervals([[e.response for e in g] for g in groups.values()], seed, resamples)
