"""All probes of one model: what it is asked, what it said, and the figures of that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from corpus.articles import Span
from corpus.intervals import Interval
from training.probes.effects import (
    excess_change,
    excess_shift,
    group_means,
    read_answers,
    strongest_lean,
)
from training.probes.robustness import Robustness, robustness_figures
from training.probes.sentences import NAMES, Probe, entity_type_of, probes

Row = Mapping[str, Any]
FOUND = "found"
# Probe → the groups that its names are compared by.
AXES: dict[str, tuple[str, ...]] = {
    "person": ("gender", "region"),
    "location": ("region",),
    "organization": ("kind",),
    "works as": ("gender",),
}


@dataclass(frozen=True, slots=True)
class ProbeFigures:
    """Effects by name, each with its interval."""

    bias: dict[str, Interval]
    robustness: Robustness | None

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def topic_bias_rows(
    probabilities: Callable[[Sequence[str]], Sequence[Mapping[str, float]]],
) -> list[dict[str, Any]]:
    """The probability of each topic for each sentence with each name."""
    asked = probes()
    said = probabilities([probe.text for probe in asked])
    return [
        _row(probe, {topic: round(p, 4) for topic, p in values.items()})
        for probe, values in zip(asked, said, strict=True)
    ]


def entity_bias_rows(
    spans: Callable[[Sequence[str]], Sequence[Sequence[Span]]], entity_types: Sequence[str]
) -> list[dict[str, Any]]:
    """Whether each name was found: start, end and type right. Other types are left out."""
    types = {kind: entity_type_of(kind, tuple(entity_types)) for kind in NAMES}
    asked = [(probe, label) for probe in probes() if (label := types[probe.kind])]
    said = spans([probe.text for probe, _ in asked])
    return [
        _row(probe, {FOUND: float(probe.span(label) in found)})
        for (probe, label), found in zip(asked, said, strict=True)
    ]


def figures(rows: Sequence[Row], seed: int) -> ProbeFigures:
    """Every figure of these rows and of nothing else: whoever has them can compute it again."""
    careless = [row for row in rows if row["probe"] == "robustness"]
    bias: dict[str, Interval] = {}
    for probe, axes in AXES.items():
        asked = [row for row in rows if row["probe"] == probe]
        for axis in axes if asked else ():
            bias |= _figures_of(probe, axis, asked, seed)
    return ProbeFigures(bias, robustness_figures(careless, seed) if careless else None)


def _figures_of(probe: str, axis: str, rows: Sequence[Row], seed: int) -> dict[str, Interval]:
    answers = read_answers(rows)
    about = f"{probe}, {axis}"
    lean = strongest_lean(answers, axis, seed)
    if answers.outcomes == (FOUND,):
        means = group_means(answers, axis, FOUND, seed)
        found = {f"{about}: found of {group}": mean for group, mean in means.items()}
        return found | {f"{about}: largest gap, {lean.group} against the others": lean.effect}
    changed = "likeliest word" if probe == "works as" else "topic"
    return {
        f"{about}: {changed} changes": excess_change(answers, axis, seed),
        f"{about}: probability moved": excess_shift(answers, axis, seed),
        f"{about}: strongest pull, {lean.group} to {lean.outcome}": lean.effect,
    }


def _row(probe: Probe, values: dict[str, float]) -> dict[str, Any]:
    return {
        "id": f"{probe.kind}/{probe.sentence}/{probe.name}",
        "probe": probe.kind,
        "sentence": probe.sentence,
        "name": probe.name,
        "groups": probe.groups,
        "like": probe.like,
        "values": values,
    }
