"""Agreement of everybody, of each annotator, pair, label and revision of the guidelines."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TypeVar

from corpus.intervals import RESAMPLES
from corpus.votes.choices import annotator_figures, choice_figures, label_figures, pair_figures
from corpus.votes.figures import Figures
from corpus.votes.sets import PairCount, count_pairs, jaccard_distance, set_figures
from corpus.votes.vote import Candidate, Vote, by_unit, compared

ALPHA = "krippendorff_alpha"
Pair = tuple[str, str]
Key = TypeVar("Key", str, Pair)
Item = TypeVar("Item")


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
    units = compared(by_unit(votes).values())
    beside = _grouped((v.annotator, other) for unit in units for v in unit for other in unit)
    own = _grouped((v.annotator, v) for unit in units for v in unit)
    met = {(a.annotator, b.annotator) for unit in units for a, b in combinations(unit, 2)}
    return AgreementReport(
        overall=choice_figures(votes, seed, resamples),
        annotators=_each(beside, lambda n, some: annotator_figures(some, n, seed, resamples)),
        pairs=_each(
            {pair: own[pair[0]] + own[pair[1]] for pair in met},
            lambda pair, both: pair_figures(both, pair, seed, resamples),
        ),
        labels=label_figures(votes, seed, resamples),
        revisions=_each(
            _grouped((v.guidelines, v) for v in votes if v.guidelines),
            lambda _, some: choice_figures(some, seed, resamples),
        ),
    )


def set_report(
    votes: Sequence[Vote[frozenset[Candidate]]], seed: int, resamples: int = RESAMPLES
) -> AgreementReport:
    """Where an answer is a set of spans or of labels; of labels with alpha (Jaccard's distance)."""
    pairs = count_pairs(votes)
    overall = set_figures(pairs, seed, resamples=resamples)
    if any(isinstance(candidate, str) for vote in votes for candidate in vote.value):
        found = choice_figures(votes, seed, resamples, jaccard_distance)
        alpha = {n: f for n, f in found.values.items() if n == ALPHA}
        undefined = tuple(name for name in found.undefined if name == ALPHA)
        overall = replace(overall, values={**overall.values, **alpha}, undefined=undefined)

    def measure(_: object, some: Sequence[PairCount]) -> Figures:
        return set_figures(some, seed, resamples=resamples)

    used = _grouped((label, pair) for pair in pairs for label in pair.counts)
    return AgreementReport(
        overall=overall,
        annotators=_each(_grouped((n, pair) for pair in pairs for n in pair.annotators), measure),
        pairs=_each(_grouped((pair.annotators, pair) for pair in pairs), measure),
        labels=_each(used, lambda label, some: set_figures(some, seed, label, resamples)),
        revisions=_each(_grouped((p.guidelines, p) for p in pairs if p.guidelines), measure),
    )


def _grouped(keyed: Iterable[tuple[Key, Item]]) -> dict[Key, list[Item]]:
    found: dict[Key, list[Item]] = {}
    for key, item in keyed:
        found.setdefault(key, []).append(item)
    return found


def _each(
    groups: Mapping[Key, list[Item]], measure: Callable[[Key, list[Item]], Figures]
) -> dict[Key, Figures]:
    """Of each group where there is anything to compare, in order."""
    measured = {key: measure(key, groups[key]) for key in sorted(groups)}
    return {key: found for key, found in measured.items() if found.pairs}
