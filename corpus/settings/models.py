"""What models start from and how they are trained."""

from pydantic import Field

from corpus.settings.part import DeskPart


class TopicModelSettings(DeskPart):
    """SetFit's knobs. ``pairs_per_example`` is SetFit's num_iterations."""

    per_class: int | None = Field(None, ge=2, description="at most so many examples a topic")
    pairs_per_example: int | None = Field(
        None, ge=1, le=50, description="left out: by data set size"
    )
    batch_size: int = Field(16, ge=2, description="pairs in a step")
    learning_rate: float = Field(2e-5, gt=0, lt=0.1, description="of the encoder, at its highest")
    max_steps: int = Field(-1, description="-1: 80, after which more steps buy little")
    frozen_layers: int = Field(3, ge=0, description="lower layers kept as they are, for speed")
    max_length_tokens: int = Field(128, ge=16, le=512, description="what follows is not read")


class EntityModelSettings(DeskPart):
    """Fine-tuning of a token classifier."""

    epochs: int = Field(4, ge=1, le=50, description="passes over the training split")
    # Small batches: of few articles, more steps teach more than smoother ones (measured).
    batch_size: int = Field(8, ge=1, description="windows in a step")
    learning_rate: float = Field(3e-4, gt=0, lt=0.1, description="at its highest")
    max_length_tokens: int = Field(256, ge=16, le=512, description="of a window")
    stride_tokens: int = Field(64, ge=0, le=256, description="that two windows of a text share")


class ModelSettings(DeskPart):
    """Which encoder the models start from and how they are trained."""

    encoder: str = Field("offline", description="'offline' (MiniLM from its wheel) or a repo_id")
    topics: TopicModelSettings = TopicModelSettings()
    entities: EntityModelSettings = EntityModelSettings()
    seed: int = Field(42, description="of training")
