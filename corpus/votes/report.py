"""Agreement of everybody, of each annotator, pair, label and revision of the guidelines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from corpus.intervals import RESAMPLES
from corpus.votes.choices import (
    choice_figures,
    figures_by_label,
    figures_of_annotator,
    figures_of_pair,
    overall_figures,
)
from corpus.votes.figures import Figures
from corpus.votes.pair_table import (
    PairTable,
    figures_of_everybody,
    figures_of_labels,
    figures_of_pairs,
    figures_of_revisions,
    to_pair_table,
)
from corpus.votes.pairing import met_pairs
from corpus.votes.set_alpha import set_alpha
from corpus.votes.sets import count_pairs, figures_of_rows
from corpus.votes.table import to_table
from corpus.votes.vote import Candidate, Vote

ALPHA = "krippendorff_alpha"


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Agreement over the questions that two or more answered.

    ``revisions`` compare answers given under the same guidelines; empty where none are named.
    ``pairs`` are those who answered something in common; of more than were asked for those with
    most in common, and ``pairs_left_out`` of them are not measured.
    """

    overall: Figures
    annotators: Mapping[str, Figures]
    pairs: Mapping[tuple[str, str], Figures]
    labels: Mapping[str, Figures]
    revisions: Mapping[str, Figures] = field(default_factory=dict)
    pairs_left_out: int = 0


def choice_report(
    votes: Sequence[Vote[str]],
    seed: int,
    resamples: int = RESAMPLES,
    most_pairs: int | None = None,
) -> AgreementReport:
    """Where one label was chosen."""
    table = to_table(votes)
    names, met = table.annotators, met_pairs(table, most_pairs)
    return AgreementReport(
        overall=overall_figures(table, seed, resamples),
        annotators={
            name: figures_of_annotator(table, at, seed, resamples) for at, name in enumerate(names)
        },
        pairs={
            (names[pair[0]], names[pair[1]]): figures_of_pair(table, pair, seed, resamples)
            for pair in met.pairs
        },
        labels=_compared(figures_by_label(table, seed, resamples)),
        revisions=_compared(
            {
                revision: choice_figures(some, seed, resamples)
                for revision, some in _by_revision(votes).items()
            }
        ),
        pairs_left_out=met.left_out,
    )


def span_report(
    votes: Sequence[Vote[frozenset[Candidate]]],
    seed: int,
    resamples: int = RESAMPLES,
    most_pairs: int | None = None,
) -> AgreementReport:
    """Where spans were marked."""
    table = to_pair_table(count_pairs(votes), are_labels=False)
    return _report_of_pairs(table, seed, resamples, most_pairs)


def label_set_report(
    votes: Sequence[Vote[frozenset[Candidate]]],
    seed: int,
    resamples: int = RESAMPLES,
    most_pairs: int | None = None,
) -> AgreementReport:
    """Where any number of labels were chosen; with alpha by Jaccard's distance."""
    table = to_pair_table(count_pairs(votes), are_labels=True)
    report = _report_of_pairs(table, seed, resamples, most_pairs)
    alpha, overall = set_alpha(votes, seed, resamples), report.overall
    known = {} if alpha is None else {ALPHA: alpha}
    undefined = (ALPHA,) if alpha is None and overall.pairs else ()
    overall = replace(overall, values={**overall.values, **known}, undefined=undefined)
    return replace(report, overall=overall)


# By the kind of a file of answers.
REPORTS: Mapping[str, Callable[..., AgreementReport]] = {
    "topics": choice_report,
    "labels": label_set_report,
    "spans": span_report,
}


def _report_of_pairs(
    table: PairTable, seed: int, resamples: int, most_pairs: int | None
) -> AgreementReport:
    pairs = figures_of_pairs(table, seed, resamples, most_pairs)
    return AgreementReport(
        overall=figures_of_rows(table.items, table.rows, table.figures, seed, resamples),
        annotators=figures_of_everybody(table, seed, resamples),
        pairs=pairs.figures,
        labels=figures_of_labels(table, seed, resamples),
        revisions=figures_of_revisions(table, seed, resamples),
        pairs_left_out=pairs.left_out,
    )


def _by_revision(votes: Sequence[Vote[str]]) -> dict[str, list[Vote[str]]]:
    found: dict[str, list[Vote[str]]] = {}
    for vote in votes:
        if vote.guidelines:
            found.setdefault(vote.guidelines, []).append(vote)
    return dict(sorted(found.items()))


def _compared(figures: Mapping[str, Figures]) -> dict[str, Figures]:
    """Those where there is anything to compare."""
    return {name: found for name, found in figures.items() if found.pairs}
