"""What every flow takes: a desk file, and values that replace some of its keys."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from corpus.desk import Desk, read_desk


class DeskRun(BaseModel):
    """Parameters common to all flows; never a secret, since Prefect stores and shows them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    desk: str = Field("desk.yaml", description="the desk file")
    overrides: dict[str, Any] = Field(
        default_factory=dict, description="desk values by dotted key: {'source.path': 'news.csv'}"
    )

    def read(self) -> Desk:
        """The desk, checked."""
        return read_desk(self.desk, self.overrides)
