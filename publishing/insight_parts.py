"""What a manifest says of a model beside its scores: what more labels bring, and its probes."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from publishing.manifest_parts import Estimate, ManifestPart


class WorthPoint(ManifestPart):
    """The mean score of models trained on so many examples."""

    examples: int
    score: Estimate


class LabelWorth(ManifestPart):
    """What more examples of one label bring; ``gain`` is None where its curve says nothing."""

    support: int = Field(description="examples of a topic, spans of a type, to learn from")
    held_out: int
    score: Estimate
    gain: Estimate | None
    advice: str
    reason: str


class Worth(ManifestPart):
    """The learning curve over amounts of gold, its power law, and what follows from it."""

    method: str
    examples: int
    held_out: int = Field(description="articles that scored every point of the curve")
    repeats: int = Field(description="orders in which the examples were added")
    points: list[WorthPoint]
    more: int
    gain: Estimate | None = Field(description="None where it cannot be told; reason says why")
    floor: float = Field(description="error that no amount of such examples removes, by the law")
    exponent: float
    reason: str
    more_of_a_label: int
    labels: dict[str, LabelWorth]


class Robustness(ManifestPart):
    """The score as it is, and its difference when the same articles are written carelessly."""

    articles: int
    unchanged: Estimate
    changes: dict[str, Estimate]


def insight_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a model's manifest from what the flows ``worth`` and ``probe_models`` wrote."""
    worth, probes = found.get("worth"), found.get("probes")
    figures = probes["figures"] if probes else {}
    careless = figures.get("robustness")
    return {
        "worth": Worth(**worth) if worth else None,
        "bias_probe": {name: Estimate(**e) for name, e in figures.get("bias", {}).items()} or None,
        "robustness": Robustness(**careless) if careless else None,
        "not_probed": list(probes["left_out"]) if probes else [],
    }
