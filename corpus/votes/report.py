"""Agreement of everybody, of each annotator, pair, label and revision of the guidelines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from corpus.intervals import RESAMPLES
from corpus.votes.choices import annotator_figures, choice_figures, label_figures, pair_figures
from corpus.votes.figures import Figures
from corpus.votes.sets import count_pairs, jaccard_distance, set_figures
from corpus.votes.vote import Candidate, Value, Vote, annotators_of, by_unit

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Agreement over the questions that two or more answered.

    ``revisions`` compare answers given under the same guidelines; empty where none are named.
    ``pairs`` are those who answered something in common.
    """

    overall: Figures
    annotators: Mapping[str, Figures]
    pairs: Mapping[Pair, Figures]
    labels: Mapping[str, Figures]
    revisions: Mapping[str, Figures] = field(default_factory=dict)


def choice_report(
    votes: Sequence[Vote[str]], seed: int, resamples: int = RESAMPLES
) -> AgreementReport:
    """Where one label was chosen."""
    names = annotators_of(votes)
    return AgreementReport(
        overall=choice_figures(votes, seed, resamples),
        annotators=_some(names, lambda name: annotator_figures(votes, name, seed, resamples)),
        pairs=_some(_met(votes), lambda pair: pair_figures(votes, pair, seed, resamples)),
        labels=label_figures(votes, seed, resamples),
        revisions=_some(
            _revisions(votes),
            lambda revision: choice_figures(
                [v for v in votes if v.guidelines == revision], seed, resamples
            ),
        ),
    )


def set_report(
    votes: Sequence[Vote[frozenset[Candidate]]], seed: int, resamples: int = RESAMPLES
) -> AgreementReport:
    """Where an answer is a set of spans or of labels; of labels with alpha (Jaccard's distance)."""
    pairs = count_pairs(votes)
    overall = set_figures(pairs, seed, resamples=resamples)
    if any(isinstance(candidate, str) for vote in votes for candidate in vote.value):
        alpha = choice_figures(votes, seed, resamples, jaccard_distance).values
        values = {**overall.values, "krippendorff_alpha": alpha["krippendorff_alpha"]}
        overall = Figures(overall.items, overall.pairs, values if alpha else overall.values)

    def among(wanted: Callable[[Any], bool]) -> Figures:
        return set_figures([p for p in pairs if wanted(p)], seed, resamples=resamples)

    labels = sorted({label for pair in pairs for label in pair.counts})
    return AgreementReport(
        overall=overall,
        annotators=_some(annotators_of(votes), lambda name: among(lambda p: name in p.annotators)),
        pairs=_some(
            sorted({p.annotators for p in pairs}), lambda two: among(lambda p: p.annotators == two)
        ),
        labels=_some(labels, lambda label: set_figures(pairs, seed, label, resamples)),
        revisions=_some(
            _revisions(votes), lambda revision: among(lambda p: p.guidelines == revision)
        ),
    )


def _some(keys: Sequence[Any], measure: Callable[[Any], Figures]) -> dict[Any, Figures]:
    """Of each key where there is anything to compare."""
    measured = {key: measure(key) for key in keys}
    return {key: found for key, found in measured.items() if found.pairs}


def _met(votes: Sequence[Vote[Value]]) -> list[Pair]:
    """Pairs of annotators who answered the same question."""
    return sorted(
        {
            (a.annotator, b.annotator)
            for unit in by_unit(votes).values()
            for a, b in combinations(unit, 2)
        }
    )


def _revisions(votes: Sequence[Vote[Any]]) -> list[str]:
    return sorted({vote.guidelines for vote in votes if vote.guidelines})
