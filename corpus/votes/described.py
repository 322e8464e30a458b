"""Agreement and resolution of a file as plain values, for JSON and for tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from corpus.votes.against_gold import DRAWN, LEFT_OUT, WRONG, AgainstGold, score_choices, score_sets
from corpus.votes.decided import Decided
from corpus.votes.figures import Figures
from corpus.votes.read import VoteFile
from corpus.votes.report import AgreementReport
from corpus.votes.rules import Policy
from corpus.votes.vote import annotators_of


def describe_agreement(file: VoteFile[Any], report: AgreementReport, seed: int) -> dict[str, Any]:
    """Every figure is ``{"value", "low", "high"}``, or None where it is not defined; those of all
    together stand on top. Of many pairs of annotators those with most in common.
    """
    return {
        **_about(file),
        "seed": seed,
        "compared": report.overall.items,
        "pairs_of_answers": report.overall.pairs,
        **_values(report.overall),
        "per_annotator": _each(report.annotators),
        "per_label": _each(report.labels),
        "per_guidelines": _each(report.revisions),
        "pairs": [
            {"annotators": list(pair), **_figures(figures)}
            for pair, figures in report.pairs.items()
        ],
        "pairs_left_out": report.pairs_left_out,
    }


def describe_resolution(
    file: VoteFile[Any], policy: Policy, decided: Sequence[Decided[Any]], seed: int
) -> dict[str, Any]:
    """How each question was decided; with gold, its scores, those with ties drawn by lot on top; a
    score that is not defined is None.
    """
    found = {
        **_about(file),
        "rule": policy.rule,
        "questions": len(decided),
        "decided_by": dict(sorted(Counter(d.rule for d in decided).items())),
    }
    if file.gold is None:
        return found
    score = score_choices if file.kind == "topics" else score_sets
    return {**found, "seed": seed, **_scores(score(decided, file.gold, seed))}


def _about(file: VoteFile[Any]) -> dict[str, Any]:
    return {
        "kind": file.kind,
        "data": file.path.name,
        "items": len({vote.item for vote in file.votes}),
        "answers": len(file.votes),
        "annotators": len(annotators_of(file.votes)),
        "left_out": dict(file.left_out),
    }


def _scores(against: AgainstGold) -> dict[str, Any]:
    named = {
        ties: {name: figure and asdict(figure) for name, figure in scores.items()}
        for ties, scores in against.scores.items()
    }
    return {
        "compared": against.compared,
        "without_gold": against.without_gold,
        "ties": against.ties,
        "ties_are": "drawn by lot",
        **named[DRAWN],
        "ties_left_out": named[LEFT_OUT],
        "ties_wrong": named[WRONG],
    }


def _values(figures: Figures) -> dict[str, Any]:
    values = {name: asdict(value) for name, value in figures.values.items()}
    return {**values, **dict.fromkeys(figures.undefined)}


def _figures(figures: Figures) -> dict[str, Any]:
    return {"items": figures.items, "pairs": figures.pairs, **_values(figures)}


def _each(figures: Mapping[str, Figures]) -> dict[str, Any]:
    return {name: _figures(found) for name, found in figures.items()}
