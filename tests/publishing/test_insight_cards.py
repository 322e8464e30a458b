"""What more labels bring, and what probes found, on a card: only what was measured."""

from typing import Any

import pytest

from publishing.insight_parts import insight_of
from publishing.manifest import ModelManifest, from_json, to_json
from publishing.render import render_model_card
from tests.publishing.manifests import REPO, model_manifest

HALF = {"value": 0.5, "low": 0.25, "high": 0.75}
HEADINGS = ("## What more labels would bring", "## Bias probe", "## Robustness")


def found(gain: Any = HALF) -> dict[str, Any]:
    """As the flows write it down."""
    label = {"support": 61, "held_out": 12, "score": HALF, "gain": None, "advice": "cannot tell"}
    return {
        "worth": {
            "method": "a cheap model",
            "examples": 1207,
            "held_out": 310,
            "repeats": 8,
            "points": [{"examples": 151, "score": HALF}, {"examples": 1207, "score": HALF}],
            "more": 100,
            "gain": gain,
            "floor": 0.0625,
            "exponent": 0.5,
            "reason": "" if gain else "its interval is wider than 5 points",
            "more_of_a_label": 25,
            "labels": {"Sp|rts": label | {"reason": "61 examples and 12 held out are too few"}},
        },
        "probes": {
            "figures": {
                "bias": {"person, gender: topic changes": HALF},
                "robustness": {"articles": 46, "unchanged": HALF, "changes": {"typos": HALF}},
            },
            "left_out": ["works-as probe of the base model: it fills no mask"],
        },
    }


def manifest(kind: str = "topics", **gain: Any) -> ModelManifest:
    return model_manifest(kind).model_copy(update=insight_of(found(**gain)))


@pytest.mark.parametrize("kind", ["topics", "entities"])
def test_sections_appear_with_their_figures_and_can_be_read_back(kind: str) -> None:
    plain = render_model_card(model_manifest(kind), REPO)
    assert not any(heading in plain for heading in HEADINGS)
    assert "Not probed" not in plain
    full = manifest(kind)
    assert from_json(to_json(full)) == full
    card = render_model_card(full, REPO)
    assert all(heading in card for heading in HEADINGS)
    score = "accuracy" if kind == "topics" else "exact-span F1"
    assert f"The next 100 labelled articles are expected to raise {score} by 0.500 [0.250, " in card
    assert "| 151 | 0.500 [0.250, 0.750] |" in card
    assert "| Sp\\|rts | 61 | 0.500 [0.250, 0.750] | – | cannot tell: 61 examples and 12 " in card
    assert "| person, gender: topic changes | 0.500 [0.250, 0.750] |" in card
    assert "The same test articles (46), written carelessly" in card
    assert "Not probed: works-as probe of the base model: it fills no mask." in card


def test_a_card_says_when_it_cannot_tell() -> None:
    card = render_model_card(manifest(gain=None), REPO)
    assert "would bring cannot be told: its interval is wider than 5 points." in card
    assert "are expected to raise" not in card


def test_nothing_found_is_nothing_said() -> None:
    empty = insight_of({})
    assert empty == {"worth": None, "bias_probe": None, "robustness": None, "not_probed": []}
