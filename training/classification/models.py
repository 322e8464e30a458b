"""The two kinds of topic models: a SetFit model (encoder + head), or a fine-tuned classifier."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.special import logit
from torch import nn

from training.classification.calibration import to_probabilities

if TYPE_CHECKING:
    from setfit import SetFitModel

BATCH = 32
THRESHOLD = 0.5
# The least probability that has a logit; float64 has room for far less.
SMALLEST = 1e-12
# Read from the model's own configuration; clients that do not know them ignore them.
THRESHOLD_KEY, SEVERAL_KEY = "topic_threshold", "several_topics"


@dataclass(frozen=True, slots=True)
class SetFitTopics:
    """A sentence encoder with scikit-learn's logistic regression, as SetFit saves it."""

    model: "SetFitModel"
    topics: tuple[str, ...]
    several: bool = False
    threshold: float = THRESHOLD

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Texts × width, of length 1; long texts do not pad short ones."""
        order = by_length(texts)
        found = self.model.encode([texts[i] for i in order], BATCH, show_progress_bar=False)
        return restored(np.asarray(found), order)

    def logits_of(self, vectors: np.ndarray) -> np.ndarray:
        """Texts × topics, of what ``embed`` gave."""
        found = np.clip(self.model.model_head.predict_proba(vectors), SMALLEST, 1 - SMALLEST)
        scores: np.ndarray = logit(found) if self.several else np.log(found)
        return scores

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """Texts × topics."""
        return self.logits_of(self.embed(texts))

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Texts × topics, as SetFit's ``predict_proba`` gives them."""
        return to_probabilities(self.logits(texts), not self.several)

    def at_temperature(self, temperature: float) -> "SetFitTopics":
        """The temperature goes into the head's weights, so every client applies it."""
        head = self.model.model_head
        for linear in getattr(head, "estimators_", [head]):
            # A topic that every example has, or none, needs no weights.
            if hasattr(linear, "coef_"):
                linear.coef_ = linear.coef_ / temperature
                linear.intercept_ = linear.intercept_ / temperature
        return self

    def with_threshold(self, threshold: float) -> "SetFitTopics":
        """With several topics a text: those from this probability on."""
        return replace(self, threshold=threshold)

    def save(self, folder: Path) -> None:
        """What ``SetFitModel.from_pretrained`` loads."""
        folder.mkdir(parents=True, exist_ok=True)
        for key, value in ((THRESHOLD_KEY, self.threshold), (SEVERAL_KEY, self.several)):
            setattr(self.model, key, value)
            self.model.attributes_to_save.add(key)
        self.model.save_pretrained(str(folder))
        # SetFit writes a card that quotes training articles and names this folder.
        (folder / "README.md").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class FineTunedTopics:
    """An encoder with a classification layer, as ``AutoModelForSequenceClassification`` loads."""

    model: Any
    tokenizer: Any
    topics: tuple[str, ...]
    max_length_tokens: int
    several: bool = False
    threshold: float = THRESHOLD

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """Texts × topics."""
        self.model.eval()
        order = by_length(texts)
        parts = []
        with torch.no_grad():
            for batch in batches(order):
                inputs = self.tokenizer(
                    [texts[i] for i in batch],
                    truncation=True,
                    max_length=self.max_length_tokens,
                    padding=True,
                    return_tensors="pt",
                ).to(self.model.device)
                parts.append(self.model(**inputs).logits.float().cpu().numpy())
        return restored(np.concatenate(parts), order).astype(np.float64)

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Texts × topics, as a text-classification pipeline gives them."""
        return to_probabilities(self.logits(texts), not self.several)

    def at_temperature(self, temperature: float) -> "FineTunedTopics":
        """The temperature goes into the last layer's weights, so every client applies it."""
        last = last_layer(self.model)
        with torch.no_grad():
            last.weight /= temperature
            if last.bias is not None:
                last.bias /= temperature
        return self

    def with_threshold(self, threshold: float) -> "FineTunedTopics":
        """With several topics a text: those from this probability on."""
        return replace(self, threshold=threshold)

    def save(self, folder: Path) -> None:
        """What ``AutoModelForSequenceClassification`` and its pipeline load."""
        setattr(self.model.config, THRESHOLD_KEY, self.threshold)
        self.tokenizer.model_max_length = self.max_length_tokens
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


TopicModel = SetFitTopics | FineTunedTopics


def last_layer(model: nn.Module) -> Any:
    """The linear layer that gives the logits."""
    return [m for m in model.modules() if isinstance(m, nn.Linear)][-1]


def by_length(texts: Sequence[str]) -> list[int]:
    """Numbers of the texts, shortest first."""
    return sorted(range(len(texts)), key=lambda i: len(texts[i]))


def batches(order: Sequence[int], size: int = BATCH) -> Iterator[Sequence[int]]:
    """Slices of at most ``size``."""
    return (order[i : i + size] for i in range(0, len(order), size))


def restored(rows: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """Rows that were computed in this order, in the order of the texts."""
    found = np.empty_like(rows)
    found[list(order)] = rows
    return found
