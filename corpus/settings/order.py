"""Which unanswered articles come first."""

from typing import Literal, get_args

from pydantic import Field, model_validator

from corpus.settings.part import DeskPart

Strategy = Literal["random", "uncertainty", "diversity", "mixed"]
DEFAULT: Strategy = "mixed"


class OrderShares(DeskPart):
    """How many places of the queue of review each criterion fills; only their proportions matter.
    A name may stand in place of the group: ``random``, ``uncertainty``, ``diversity`` or ``mixed``,
    which is what an absent group means.
    """

    uncertainty: float = Field(0, ge=0, description="share of what the models are least sure of")
    diversity: float = Field(
        0, ge=0, description="share of clusters of articles in turn, the least answered one first"
    )
    random: float = Field(0, ge=0, description="share by lot")

    @model_validator(mode="after")
    def something_fills_the_queue(self) -> "OrderShares":
        """Without a criterion there is no order."""
        if not self.uncertainty + self.diversity + self.random:
            raise ValueError("one of uncertainty, diversity and random must be above 0")
        return self


STRATEGIES: dict[Strategy, OrderShares] = {
    "random": OrderShares(random=1),
    "uncertainty": OrderShares(uncertainty=1),
    "diversity": OrderShares(diversity=1),
    "mixed": OrderShares(uncertainty=0.4, diversity=0.4, random=0.2),
}


def named_shares(value: object) -> object:
    """The shares of a strategy by its name; ValueError for another name."""
    if not isinstance(value, str):
        return value
    for name, shares in STRATEGIES.items():
        if name == value:
            return shares
    raise ValueError(f"{value!r} is none of {', '.join(get_args(Strategy))}")
