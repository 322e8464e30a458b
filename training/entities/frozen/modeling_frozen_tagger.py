"""A token classifier on a frozen encoder: two convolutions over its states and word shapes.

This file is published with every model of this kind, so that
``AutoModelForTokenClassification.from_pretrained(..., trust_remote_code=True)`` loads it; it needs
torch and transformers alone. The encoder gets the ids of an uncased vocabulary; token ids beyond
it are the same pieces in Title or UPPER case, which only the head hears of.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import TokenClassifierOutput

SHAPES = 3
SHAPE_WIDTH = 16


class FrozenTaggerConfig(PretrainedConfig):  # type: ignore[no-untyped-call]
    """``encoder``: its configuration as a dictionary; ``layer``: whose states the head reads."""

    model_type = "copydesk_frozen_tagger"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        layer: int = -1,
        head_width: int = 64,
        head_dropout: float = 0.4,
        vocab_size: int = 1,
        **others: Any,
    ) -> None:
        self.encoder = encoder or {}
        self.layer = layer
        self.head_width = head_width
        self.head_dropout = head_dropout
        self.vocab_size = vocab_size
        self.max_position_embeddings = self.encoder.get("max_position_embeddings", 512)
        super().__init__(**others)


class TaggerHead(nn.Module):
    """(batch × tokens × width) states and (batch × tokens) shapes → (batch × tokens × tags)."""

    def __init__(self, states_width: int, width: int, tags: int, dropout: float) -> None:
        super().__init__()
        self.shapes = nn.Embedding(SHAPES, SHAPE_WIDTH)
        self.first = nn.Conv1d(states_width + SHAPE_WIDTH, width, 3, padding=1)
        self.second = nn.Conv1d(width, width, 3, padding=1)
        self.dropout = nn.Dropout(dropout)
        self.tags = nn.Linear(2 * width, tags)

    def forward(
        self, states: torch.Tensor, shapes: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Padding counts as nothing, so that a text's tags do not depend on its batch."""
        inside = mask.unsqueeze(1).to(states.dtype)
        found = torch.cat([states, self.shapes(shapes)], dim=-1).transpose(1, 2)
        first = functional.gelu(self.first(self.dropout(found * inside.expand_as(found)))) * inside
        second = functional.gelu(self.second(self.dropout(first))) * inside
        both = torch.cat([first, second], dim=1).transpose(1, 2)
        logits: torch.Tensor = self.tags(self.dropout(both))
        return logits


class FrozenTagger(PreTrainedModel):  # type: ignore[no-untyped-call]
    """``states`` is the encoder's part, ``tag`` the head's; ``forward`` is both."""

    config_class = FrozenTaggerConfig
    lower_of: torch.Tensor
    shape_of: torch.Tensor
    base_model_prefix = "encoder"

    def __init__(self, config: FrozenTaggerConfig) -> None:
        super().__init__(config)
        self.encoder: Any = AutoModel.from_config(  # type: ignore[no-untyped-call]
            AutoConfig.for_model(**config.encoder)
        )
        self.register_buffer("lower_of", torch.zeros(config.vocab_size, dtype=torch.long))
        self.register_buffer("shape_of", torch.zeros(config.vocab_size, dtype=torch.long))
        self.head = TaggerHead(
            self.encoder.config.hidden_size,
            config.head_width,
            len(config.id2label or {}),
            config.head_dropout,
        )
        self.post_init()  # type: ignore[no-untyped-call]

    def set_vocabulary(self, lower_of: list[int], shape_of: list[int]) -> None:
        """By token id: the encoder's id and the shape."""
        self.lower_of = torch.tensor(lower_of)
        self.shape_of = torch.tensor(shape_of)

    def states(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """What the encoder says of each token, at the layer that the head reads."""
        found = self.encoder(
            input_ids=self.lower_of[input_ids],
            attention_mask=attention_mask,
            output_hidden_states=self.config.layer != -1,
        )
        states: torch.Tensor = (
            found.last_hidden_state
            if self.config.layer == -1
            else found.hidden_states[self.config.layer]
        )
        return states

    def tag(
        self, states: torch.Tensor, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> torch.Tensor:
        """Logits of tags from the states of these tokens."""
        logits: torch.Tensor = self.head(states, self.shape_of[input_ids], attention_mask)
        return logits

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        **_: Any,
    ) -> TokenClassifierOutput:
        """Logits, and the loss where there are labels."""
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        logits = self.tag(self.states(input_ids, mask), input_ids, mask)
        loss = None
        if labels is not None:
            loss = functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        return TokenClassifierOutput(loss=loss, logits=logits)
