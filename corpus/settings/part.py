"""What all groups of keys have in common."""

from pydantic import BaseModel, ConfigDict


class DeskPart(BaseModel):
    """Every part of a desk is frozen and refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
