"""How articles are reviewed and divided, and by whom in a demo."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from corpus.settings.order import DEFAULT, STRATEGIES, OrderShares, named_shares
from corpus.settings.part import DeskPart
from corpus.settings.questions import AlsoAsked, QuestionName

# As `copydesk annotators` prints them.
Annotator = Annotated[str, Field(pattern=r"^annotator-[0-9a-f]{8}$")]
Noise = Annotated[float, Field(ge=0, lt=1)]


class ReviewSettings(DeskPart):
    """How records are reviewed and resolved."""

    guidelines: str = Field(
        "", description="a Markdown file; empty: Copydesk's own for topics, entities or both"
    )
    also_ask: dict[QuestionName, AlsoAsked] = Field(
        {},
        description="further questions, none required: name → `{type: text, title: …}` or "
        "`{type: rating, title: …, values: [1, 2, 3]}`",
    )
    find_similar: bool = Field(
        True, description="give each record its vector by models.encoder, for *Find similar*"
    )
    min_submitted: int = Field(1, ge=1, le=20, description="answers that complete a record")
    reconcile_hours: float = Field(
        24, ge=0, description="after so long a pull reads all answers again; 0: always"
    )
    blind_share: float = Field(
        0.1,
        ge=0,
        le=0.5,
        description="share shown without suggestions; test and validation are of these",
    )
    seed: int = Field(13, description="decides which records are blind, and the order by lot")
    order: Annotated[OrderShares, BeforeValidator(named_shares)] = STRATEGIES[DEFAULT]
    rule: Literal["majority", "dawid-skene", "trusted"] = Field(
        "majority",
        description="how several answers become gold; one answer is gold by every rule",
    )
    trusted: list[Annotator] = Field(
        [],
        description="for rule `trusted`: whose answer wins where they gave one (else the majority "
        "does); the names that `copydesk annotators --desk …` prints beside the accounts",
    )

    @model_validator(mode="after")
    def trusted_belong_to_their_rule(self) -> "ReviewSettings":
        """Names that no rule reads would be a mistake, as would a rule without its names."""
        if self.rule == "trusted" and not self.trusted:
            raise ValueError("rule is trusted, so trusted must name annotators")
        if self.trusted and self.rule != "trusted":
            raise ValueError(f"trusted is read by rule trusted alone, but rule is {self.rule}")
        return self


class SplitSettings(DeskPart):
    """Shares of validation and test among the reviewed articles."""

    validation: float = Field(
        0.1,
        ge=0,
        lt=0.5,
        description="share that learning curves are of; of blind records, if there are any",
    )
    test: float = Field(
        0.2,
        gt=0,
        lt=0.5,
        description="share that scores models; of blind records, if there are any: fewer of them "
        "than both shares ask for are divided as these are to each other",
    )


class SimulationSettings(DeskPart):
    """Simulated reviewers (demo, tests, benchmarks): the noise of each annotator in [0, 1)."""

    topic_noise: list[Noise] = Field(
        [0.02, 0.05, 0.08], description="share of wrong topics, an annotator each"
    )
    span_noise: list[Noise] = Field(
        [0.02, 0.05, 0.08], description="share of spans missed or mistyped, an annotator each"
    )
    pull: float = Field(
        0,
        ge=0,
        le=1,
        description="probability of taking a suggestion as it stands, for each one shown",
    )
    seed: int = Field(7, description="of the noise and the pull")
