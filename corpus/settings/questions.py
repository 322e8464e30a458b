"""What annotators are asked besides topic and entities: a text, or a rating; never required."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from corpus.settings.part import DeskPart

# The questions that a desk's labels make: topic, spans.
OF_LABELS = ("topic", "entities")
# Argilla finds fields, questions, metadata and vectors by one name each; these are a desk's own,
# some of which come later than its questions. A test holds them to what argilla_settings makes.
OF_RECORDS = frozenset(
    {
        "answers",
        "blind",
        "doubt",
        "license",
        "meaning",
        "needed",
        "open",
        "priority",
        "published_at",
        "source",
        "text",
        "title",
        "topic_predicted",
        "uncertainty",
    }
)
LEAST_RATINGS = 2


def not_taken(name: str) -> str:
    """ValueError for the name of something that every record of a desk has."""
    if name in OF_LABELS:
        raise ValueError(f"{name!r} is the question that labels: makes; choose another name")
    if name in OF_RECORDS:
        raise ValueError(
            f"{name!r} is the name of a field, of metadata or of the vectors of every record; "
            f"choose another, for example '{name}_asked'"
        )
    return name


QuestionName = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,60}$"), AfterValidator(not_taken)
]


class _AlsoAsked(DeskPart):
    title: str = Field(min_length=1, max_length=500, description="as annotators read it")
    description: str = Field("", max_length=1000, description="help behind the question mark")


class TextAsked(_AlsoAsked):
    """A free text: a remark, or why a record is discarded."""

    type: Literal["text"]


class RatingAsked(_AlsoAsked):
    """One of several whole numbers."""

    type: Literal["rating"]
    values: list[Annotated[int, Field(ge=0, le=10)]] = Field(
        [1, 2, 3, 4, 5], min_length=LEAST_RATINGS, description="whole numbers from 0 to 10"
    )

    @field_validator("values")
    @classmethod
    def values_differ(cls, values: list[int]) -> list[int]:
        """Argilla refuses a number twice."""
        if len(set(values)) < len(values):
            raise ValueError(f"a number stands twice in {values}: name each once")
        return values


AlsoAsked = Annotated[TextAsked | RatingAsked, Field(discriminator="type")]
