"""The encoder that topic models start from: any sentence-transformer, or any plain encoder."""

from collections.abc import Sequence

import numpy as np
import torch
from setfit import SetFitModel
from setfit.logging import set_verbosity_warning
from torch import nn

from corpus.errors import DeskError
from corpus.settings.models import TopicModelSettings
from training.classification.lower_layers import (
    HiddenStates,
    freeze_lower_layers,
    remembered,
)
from training.classification.models import BATCH, by_length, restored
from training.encoder import encoder_path

# SetFit turns its logging up when it is imported.
set_verbosity_warning()


def new_model(encoder: str, topics: Sequence[str], settings: TopicModelSettings) -> SetFitModel:
    """A SetFit model without a head; an encoder that brings no pooling gets a mean over tokens.

    Raises DeskError for a model whose tokenizer cannot pad.
    """
    model = SetFitModel.from_pretrained(
        encoder_path(encoder),
        labels=list(topics),
        normalize_embeddings=True,
        device="cuda" if torch.cuda.is_available() else "cpu",
    )
    body = model.model_body
    if body.tokenizer.pad_token is None:
        raise DeskError(
            f"The tokenizer of encoder {encoder!r} has no padding token, so texts make no batch.",
            "Set models.encoder to offline or to an encoder such as a BERT or RoBERTa model.",
        )
    body.max_seq_length = longest(transformer(model), settings.max_length_tokens)
    return model


def transformer(model: SetFitModel) -> nn.Module:
    """The encoder inside of the sentence-transformer."""
    found: nn.Module = model.model_body[0].auto_model
    return found


def longest(encoder: nn.Module, tokens: int) -> int:
    """So many tokens, or as many as the encoder has positions for."""
    positions = getattr(encoder.config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions <= 0:
        return tokens
    # RoBERTa and its kin number positions from behind the padding's.
    first = getattr(getattr(encoder, "embeddings", None), "padding_idx", None)
    return min(tokens, positions - (0 if first is None else first + 1))


class Body:
    """An encoder whose lower layers are frozen, with what they gave for the texts so far."""

    def __init__(self, model: SetFitModel, frozen_layers: int, states: HiddenStates) -> None:
        self.model = model
        self.states = states
        self.frozen_layers = freeze_lower_layers(transformer(model), frozen_layers)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Texts × width, of length 1; each text passes the frozen layers once in its life.

        All at once and by length, so that what is remembered does not depend on which training
        step asks first.
        """
        order = by_length(texts)
        with remembered(transformer(self.model), self.frozen_layers, self.states):
            found = self.model.encode([texts[i] for i in order], BATCH, show_progress_bar=False)
        return restored(np.asarray(found), order)
