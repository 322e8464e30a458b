"""Which adapter goes on after GRPO: GRPO's own, unless it may be worse than the SFT adapter.

The one that is not kept stays in the store, so nothing is trained again when the test or the margin
changes; a mark beside the GRPO adapter names the one that is used instead of it.
"""

import logging
from collections.abc import Mapping
from typing import Any

from corpus.desk import Desk
from flows.model_store import KEPT, StoredModel
from publishing.predictions import read_predictions, write_predictions

log = logging.getLogger("flows.grpo_choice")
# Beside an SFT model: what the model that GRPO made of it said of the test.
GRPO = "grpo"


def keep_better(
    desk: Desk, sft: StoredModel, tuned: StoredModel, scores: Mapping[str, Any]
) -> bool:
    """Whether the GRPO adapter is kept, by its scores on the test; else the SFT adapter is.

    Says so in the store, so that whatever asks for the desk's model gets the one that is kept.
    """
    if is_no_worse(scores, desk.gate.margin):
        (tuned.folder / KEPT).unlink(missing_ok=True)
        sft.predictions(GRPO).unlink(missing_ok=True)
        return True
    tuned.write(KEPT, {"key": sft.key})
    if scores:
        write_predictions(read_predictions(tuned.predictions("test")), sft.predictions(GRPO))
        log.warning(_said(scores["sft"]["difference"], scores["sft"], scores))
    else:
        log.warning("GRPO was tried, and no test article tells what it changed: SFT is kept")
    return False


def is_no_worse(scores: Mapping[str, Any], margin: float) -> bool:
    """By the gate's margin: the F1 of answers down to the lower end of its interval, and how many
    keep the schema; without a test nothing tells.
    """
    if not scores:
        return False
    before = scores["sft"]
    fallen = before["schema_validity"]["value"] - scores["schema_validity"]["value"]
    return bool(before["difference"]["low"] >= -margin and fallen <= margin)


def grpo_tried(stored: StoredModel) -> list[str]:
    """A sentence for the verdict on an SFT model that is kept instead of its GRPO model."""
    scores = stored.read("scores.json").get("test") or {}
    tuned = scores.get(GRPO)
    return [_said(tuned["difference"], scores, tuned)] if tuned else []


def _said(d: Mapping[str, float], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    valid = (scores["schema_validity"]["value"] for scores in (before, after))
    return (
        "GRPO was tried: answer F1 changes by {value:+.3f} [{low:+.3f}, {high:+.3f}]".format(**d)
        + ", schema validity from {:.3f} to {:.3f}".format(*valid)
        + f" on the same {after['n']} test articles. That may be worse than gate.margin allows, so "
        "the SFT model is kept."
    )
