"""A new head on the encoder as it is, which hears of case although the encoder has none."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModel

from corpus.settings.models import EntityModelSettings
from training.encoder import encoder_path
from training.entities.cased import LOWER, cased_tokenizer
from training.entities.frozen.modeling_frozen_tagger import FrozenTagger, FrozenTaggerConfig
from training.entities.frozen.register import register
from training.entities.new_model import fast_tokenizer
from training.entities.predict import EntityModel, longest_window
from training.entities.schemes import tag_names


def new_tagger(
    encoder: str, entity_types: Sequence[str], settings: EntityModelSettings
) -> EntityModel:
    """Ready to be trained; DeskError where the encoder cannot be read or gives no offsets."""
    register()
    names = tag_names(entity_types)
    path = encoder_path(encoder)
    tokenizer = fast_tokenizer(path, encoder)
    base = AutoModel.from_pretrained(path).eval()
    window = min(settings.max_length_tokens, tokenizer.model_max_length, longest_window(base))
    # The encoder's own vocabulary keeps its size here, so every piece can have its variants.
    cased = cased_tokenizer(tokenizer, all_pieces=True)
    size = base.get_input_embeddings().num_embeddings
    lower = list(range(size)) if cased is None else cased.lower_of
    shapes = [LOWER] * len(lower) if cased is None else cased.shape_of
    layers = base.config.num_hidden_layers
    config = FrozenTaggerConfig(
        encoder=base.config.to_dict(),
        layer=min(settings.head_layer or max(1, round(layers / 2)), layers),
        vocab_size=len(lower),
        id2label=dict(enumerate(names)),
        label2id={name: i for i, name in enumerate(names)},
    )
    model: Any = FrozenTagger(config)
    model.encoder.load_state_dict(base.state_dict())
    model.encoder.requires_grad_(False)
    model.set_vocabulary(lower, shapes)
    if cased is not None:
        tokenizer = cased.tokenizer
    tokenizer.model_max_length = window
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    return EntityModel(model, tokenizer, tuple(entity_types))
