"""Which rung a topic model stands on: by the amount of gold and by cross-validation.

The amount proposes: under 1,000 examples a topic SetFit, from there on fine-tuning.
Cross-validation on the training split disposes: a proposal that scores worse than the frozen
encoder by more than one standard error of the difference, text by text, is not taken.

- frozen: five folds of the head; embeddings are computed once.
- setfit: two folds up to 128 texts. Of more texts one part teaches and one judges, 256 texts each
  (more where a rare topic needs it). A fifth of the steps teach, five at least: a trial of all
  texts and steps costs as much as the model, and so few favour the frozen encoder, if anything.
  The frozen head is judged on the same texts after the same lesson.
- fine_tune: trained on 90 %; the other 10 % say when to stop, and judge this rung and the frozen
  head. What was trained is kept, so this comparison costs the frozen head only.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from training.classification.data import TopicData, parts
from training.classification.scores import example_scores

Rung = Literal["frozen", "setfit", "fine_tune"]

FINE_TUNE_FROM = 1000
# Below this, halves have no pair of every topic.
SETFIT_TRIAL_FROM = 4
TWO_FOLDS_UP_TO = 128
# Of the part that teaches and of the part that judges.
TRIAL_PART_TEXTS = 256
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Trial:
    """Logits of texts that the model did not learn from, and which texts those are."""

    numbers: np.ndarray
    logits: np.ndarray

    def scores(self, data: TopicData) -> np.ndarray:
        """How right each is, in [0, 1]."""
        return example_scores(self.logits, data.at(self.numbers))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rung that was taken, why, and the scores behind it."""

    rung: Rung
    reason: str
    scores: dict[str, float]
    judged_on: int

    def to_settings(self) -> dict[str, Any]:
        """For TrainedModel.settings."""
        scores = {f"cross_validated_{name}": round(s, 4) for name, s in self.scores.items()}
        return {
            "rung": self.rung,
            "rung_reason": self.reason,
            **scores,
            "cross_validated_on": self.judged_on,
        }


def proposal(data: TopicData) -> Rung:
    """By the amount of gold: the mean number of examples a topic."""
    amount = data.gold.sum() / len(data.names)
    return "fine_tune" if amount >= FINE_TUNE_FROM else "setfit"


def trial_parts(data: TopicData, seed: int) -> list[np.ndarray]:
    """Numbers of the texts of two parts, each with a pair of every topic where there are two."""
    wanted = -(-len(data) // TRIAL_PART_TEXTS)
    return parts(data, max(2, min(wanted, data.rarest() // 2)), seed)[:2]


def judge(proposed: Rung, dear: Trial, cheap: Trial, data: TopicData) -> Verdict:
    """The proposal against the frozen encoder on the same texts; the rule of this module."""
    better = dear.scores(data) - cheap.scores(data)
    error = float(better.std(ddof=1) / np.sqrt(len(better))) if len(better) > 1 else 0.0
    scores: dict[str, float] = {
        "frozen": float(cheap.scores(data).mean()),
        proposed: float(dear.scores(data).mean()),
    }
    difference = float(better.mean())
    figures = f"{difference:+.3f} against the frozen encoder, standard error {error:.3f}"
    # One text that only the cheap one has right is exactly one standard error.
    if difference < -error - TINY:
        return Verdict("frozen", f"{proposed} scored {figures}", scores, len(better))
    return Verdict(proposed, f"by the amount of gold; {figures}", scores, len(better))
