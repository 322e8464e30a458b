"""How instruction models are tuned: SFT with LoRA, and GRPO behind one switch."""

from typing import Any, Literal

from pydantic import Field

from corpus.settings.part import DeskPart

DECODING = ("max_new_tokens", "constrained")


class GrpoSettings(DeskPart):
    """Group-relative policy optimisation after SFT, rewarded by the reviewed gold."""

    enabled: bool = Field(False, description="tune on with rewards once SFT is done")
    max_steps: int = Field(20, ge=1, description="groups of answers that are compared")
    prompts: int = Field(4, ge=1, description="prompts in a step")
    answers: int = Field(4, ge=2, description="answers to each prompt, which make its group")
    learning_rate: float = Field(5e-5, gt=0, lt=0.1, description="at its highest")
    kl: float = Field(0.04, ge=0, description="weight of the divergence from the SFT model")
    temperature: float = Field(1.0, gt=0, le=2, description="at which answers are drawn")


class InstructionModelSettings(DeskPart):
    """SFT with LoRA of any causal language model with a chat template."""

    base: str = Field(
        "offline",
        description="'offline' (a small decoder made on the spot), a folder, or the repo_id of a "
        "causal language model with a chat template",
    )
    max_steps: int = Field(300, ge=1, description="optimiser steps, at most")
    epochs: float = Field(12, gt=0, description="passes over the training split, at most")
    batch_size: int = Field(8, ge=1, description="chats in a forward pass")
    accumulation_steps: int = Field(1, ge=1, description="forward passes in a step")
    learning_rate: float = Field(1e-3, gt=0, lt=0.1, description="of the adapter, at its highest")
    lora_rank: int = Field(16, ge=1, le=512, description="rank of the adapter's matrices")
    lora_alpha: int = Field(32, ge=1, description="the adapter counts alpha/rank times")
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="of the adapter's input")
    weight_decay: float | None = Field(
        None,
        ge=0,
        description="of the adapter in SFT, pulls it to the base; left out: 1 on the offline "
        "decoder, 0 on other models",
    )
    max_length_tokens: int = Field(512, ge=32, description="of a chat with its answer")
    too_long: Literal["shorten", "leave_out", "refuse"] = Field(
        "shorten", description="what becomes of longer chats; shorten: the article loses its end"
    )
    max_new_tokens: int = Field(256, ge=8, description="of an answer")
    evaluations: int = Field(5, ge=1, description="times that training is held to validate")
    early_stopping_evaluations: int = Field(
        3, ge=0, description="end after so many without a lower validation loss; 0: never"
    )
    packing: bool = Field(
        False, description="fill each row with several chats; needs flash attention"
    )
    gradient_checkpointing: bool = Field(
        False, description="less memory for a third more time; for large models"
    )
    four_bit: bool = Field(False, description="load the base model in 4 bits (a GPU, bitsandbytes)")
    token_budget: int | None = Field(
        None, ge=1, description="refuse a training that reads more tokens than this"
    )
    memory_gb: float | None = Field(
        None, gt=0, description="memory that training may take; left out: what is free"
    )
    constrained: bool = Field(
        False, description="let every answer keep its schema, and end within max_new_tokens"
    )
    grpo: GrpoSettings = GrpoSettings()

    def decisive(self) -> dict[str, Any]:
        """What decides the model: not what training may take, nor how it is asked afterwards."""
        without = {"token_budget", "memory_gb", "constrained"}
        # GRPO also learns from answers of this length.
        return self.model_dump(
            exclude=without if self.grpo.enabled else without | {"grpo", "max_new_tokens"}
        )

    def decoding(self) -> dict[str, Any]:
        """How a model is asked: it decides what is answered, but not the model."""
        return self.model_dump(include=set(DECODING))
