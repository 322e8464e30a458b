"""What annotators choose from and models learn."""

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from corpus.settings.part import DeskPart


def require_definition(value: object) -> object:
    """ValueError for nothing but blanks, also for ``sport:`` with nothing behind it."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ValueError(
            f"a label must not be without definition (value {value!r}): write in a sentence what "
            "belongs to it, for annotators and for readers of the cards"
        )
    return value


Definition = Annotated[str, BeforeValidator(require_definition)]


class LabelSettings(DeskPart):
    """Topics and entity types in schema order, each with the definition annotators read."""

    topics: dict[str, Definition] = Field(
        default_factory=dict, description="topic → its definition"
    )
    entities: dict[str, Definition] = Field(
        default_factory=dict, description="entity type → its definition"
    )
    overlapping: bool = Field(
        False,
        description="entities may overlap (a person in the name of a prize); can be allowed later, "
        "not taken back",
    )

    several_topics: bool = Field(
        False,
        description="an article may have several topics; where the desk asks for entities, too, "
        "also none",
    )

    @model_validator(mode="after")
    def something_to_ask(self) -> "LabelSettings":
        """A desk asks at least one question."""
        if not self.topics and not self.entities:
            raise ValueError("a desk needs labels.topics, labels.entities or both")
        if len(self.topics) == 1:
            raise ValueError("labels.topics needs at least two topics")
        if self.overlapping and not self.entities:
            raise ValueError("labels.overlapping is about entities, but labels.entities is empty")
        if self.several_topics and not self.topics:
            raise ValueError("labels.several_topics is set, so labels.topics must name them")
        return self
