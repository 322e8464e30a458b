"""The tables of what answers are worth."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.tables import measured

AGREEMENT = ("percent", "fleiss_kappa", "krippendorff_alpha", "f1_exact", "f1_overlap")
SCORES = ("accuracy", "precision", "recall", "f1")
TIES = {"drawn by lot": "", "left out": "ties_left_out", "wrong": "ties_wrong"}


def resolve_table(found: Mapping[str, Any]) -> list[str]:
    """Of each crowd: agreement, overall and by label, then each rule against gold."""
    lines = [measured(found, "95 % intervals, 1,000 resamples of items")]
    for name, crowd in found["crowds"].items():
        agreement = crowd["agreement"]
        lines += [
            "",
            f"**{name}**: {agreement['answers']:,} answers of {agreement['annotators']} annotators "
            f"to {agreement['items']:,} items.",
            "",
            *_agreement(agreement),
            "",
            *_rules(crowd["rules"]),
        ]
    return lines


def _agreement(found: Mapping[str, Any]) -> Iterator[str]:
    yield "| agreement | |"
    yield "| --- | ---: |"
    for name in AGREEMENT:
        if name in found:
            yield f"| {name.replace('_', ' ')} | {_shown(found[name])} |"
    for label, figures in found["per_label"].items():
        main = "f1" if "f1" in figures else "f1_exact"
        yield f"| {main.replace('_', ' ')} of {label} | {_shown(figures[main])} |"


def _rules(rules: list[Mapping[str, Any]]) -> Iterator[str]:
    names = [name for name in SCORES if name in rules[0]]
    yield f"| rule, and what a tie counts | {' | '.join(names)} | ties | CPU s |"
    yield "| --- " + "| ---: " * (len(names) + 2) + "|"
    for rule in rules:
        for title, key in TIES.items():
            scores = rule[key] if key else rule
            if key and not rule["ties"]:
                continue
            who = " ".join([rule["rule"], *rule["trusted"]])
            of = f"{who}, {title}" if rule["ties"] else who
            cells = " | ".join(_shown(scores[name]) for name in names)
            ties = f"{rule['ties']:,} of {rule['compared']:,}"
            yield f"| {of} | {cells} | {ties} | {rule['cpu']:.1f} |"


def _shown(figure: Mapping[str, float] | None) -> str:
    if figure is None:
        return "not defined"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
