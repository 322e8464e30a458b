"""The contrastive loss of the SetFit rung: every pair that a batch contains."""

from collections.abc import Iterable
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from torch.nn import functional

# Texts of like length are encoded together: a batch of 32 news texts is 40 % padding otherwise.
CHUNK = 8


class AllPairsLoss(nn.Module):
    """Squared distance of each pair's cosine to 1 (a topic in common) or 0 (none).

    SetFit's own loss on SetFit's own targets, but a batch of 32 texts gives 496 pairs for 32
    encodings, where SetFit's sampler gives 16 pairs. Both kinds of pairs weigh the same, however
    many there are of each. ``labels`` are topic numbers, or rows of 0 and 1 with several topics.
    """

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, sentence_features: Iterable[dict[str, Tensor]], labels: Tensor) -> Tensor:
        """Loss of one batch; ``sentence_features`` holds one tokenised column of texts."""
        (features,) = sentence_features
        vectors = functional.normalize(_encode_by_length(self.model, features), dim=1)
        cosines = vectors @ vectors.T
        shared = labels @ labels.T > 0 if labels.ndim == 2 else labels[:, None] == labels[None]
        itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        # The sum of an empty selection is 0 with a gradient, its mean is not a number.
        parts = [
            (cosines[chosen] - target).square().sum() / max(1, int(chosen.sum()))
            for chosen, target in ((shared & ~itself, 1.0), (~shared, 0.0))
        ]
        return (parts[0] + parts[1]) / 2


def _encode_by_length(model: SentenceTransformer, features: dict[str, Any]) -> Tensor:
    """Embeddings in the order of the batch."""
    lengths = features["attention_mask"].sum(dim=1)
    found: list[Tensor] = [torch.empty(0)] * len(lengths)
    for rows in lengths.argsort(stable=True).split(CHUNK):
        width = int(lengths[rows].max())
        part = {
            name: value[rows, :width] if isinstance(value, Tensor) and value.ndim == 2 else value
            for name, value in features.items()
        }
        for row, vector in zip(rows.tolist(), model(part)["sentence_embedding"], strict=True):
            found[row] = vector
    return torch.stack(found)
