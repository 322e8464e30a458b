"""When a model may replace the last published one."""

from pydantic import Field

from corpus.settings.part import DeskPart


class GateSettings(DeskPart):
    """A candidate is compared with the last published model on the same test articles."""

    minimum_test: int = Field(30, ge=1, description="test articles that a comparison needs")
    margin: float = Field(
        0.02,
        ge=0,
        le=1,
        description="that accuracy or span F1 may lose, down to the lower end of its interval; "
        "0: nothing",
    )
    label_floor: float = Field(
        0.1, ge=0, le=1, description="that the F1 of a topic or entity type may lose at most"
    )
    label_support: int = Field(
        20, ge=1, description="test articles or spans of a label from which the floor holds"
    )
