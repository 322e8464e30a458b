"""Topics without any training: which label definition is a text nearest to."""

from collections.abc import Mapping, Sequence

import numpy as np

from training.classification.predict import TopicPrediction
from training.encoder import encoder_path

# Cosines of a sentence encoder lie close together; this spreads them to usable probabilities.
TEMPERATURE = 0.05
# Of several topics, those whose share is at least this are said; four at most can have it.
LEAST_SHARE = 0.25
BATCH = 32


def zero_shot_topics(
    texts: Sequence[str], definitions: Mapping[str, str], encoder: str, several: bool = False
) -> list[TopicPrediction]:
    """Softmax over cosine(text, "label: definition") / 0.05; one prediction a text.

    ``several``: of the topics with a share of ``LEAST_SHARE`` or more, at least the nearest.
    """
    if not texts:
        return []
    # It takes ten CPU seconds to import, and a desk with a published model never needs it.
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(encoder_path(encoder))
    labels = list(definitions)
    named = [f"{label}: {definition}" for label, definition in definitions.items()]
    options = {"normalize_embeddings": True, "batch_size": BATCH, "show_progress_bar": False}
    similarity = model.encode(list(texts), **options) @ model.encode(named, **options).T
    spread = np.exp((similarity - similarity.max(axis=1, keepdims=True)) / TEMPERATURE)
    shares = spread / spread.sum(axis=1, keepdims=True)
    return [_prediction(labels, row, several) for row in shares]


def _prediction(labels: Sequence[str], row: np.ndarray, several: bool) -> TopicPrediction:
    shares = {label: float(p) for label, p in zip(labels, row, strict=True)}
    ranked = sorted(shares, key=lambda label: -shares[label])
    others = [label for label in ranked[1:] if several and shares[label] >= LEAST_SHARE]
    return TopicPrediction(ranked[0], shares[ranked[0]], shares, (ranked[0], *others))
