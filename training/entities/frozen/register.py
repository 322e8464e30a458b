"""Lets transformers of this process load such models without their published code."""

from functools import cache

from transformers import AutoConfig, AutoModelForTokenClassification

from training.entities.frozen.modeling_frozen_tagger import FrozenTagger, FrozenTaggerConfig


@cache
def register() -> None:
    """Once a process."""
    AutoConfig.register(FrozenTaggerConfig.model_type, FrozenTaggerConfig)
    AutoModelForTokenClassification.register(FrozenTaggerConfig, FrozenTagger)
    # For everybody else: a copy of the code is saved with the model.
    FrozenTaggerConfig.register_for_auto_class()  # type: ignore[no-untyped-call]
    FrozenTagger.register_for_auto_class(  # type: ignore[no-untyped-call]
        "AutoModelForTokenClassification"
    )
