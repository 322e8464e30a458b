"""How articles are reviewed and divided, and by whom in a demo."""

from typing import Annotated

from pydantic import Field

from corpus.settings.part import DeskPart

Noise = Annotated[float, Field(ge=0, lt=1)]


class ReviewSettings(DeskPart):
    """How records are reviewed and resolved."""

    guidelines: str = Field(
        "", description="a Markdown file; empty: Copydesk's own for topics, entities or both"
    )
    min_submitted: int = Field(1, ge=1, le=20, description="answers that complete a record")
    reconcile_hours: float = Field(
        24, ge=0, description="after so long a pull reads all answers again; 0: always"
    )
    blind_share: float = Field(0.1, ge=0, le=0.5, description="share shown without suggestions")
    seed: int = Field(13, description="decides which records are blind")


class SplitSettings(DeskPart):
    """Shares of validation and test among the reviewed articles."""

    validation: float = Field(0.1, ge=0, lt=0.5, description="share that learning curves are of")
    test: float = Field(
        0.2,
        gt=0,
        lt=0.5,
        description="share that scores models; blind records do, if there are any",
    )


class SimulationSettings(DeskPart):
    """Simulated reviewers (demo, tests, benchmarks): the noise of each annotator in [0, 1)."""

    topic_noise: list[Noise] = Field(
        [0.02, 0.05, 0.08], description="share of wrong topics, an annotator each"
    )
    span_noise: list[Noise] = Field(
        [0.02, 0.05, 0.08], description="share of spans missed or mistyped, an annotator each"
    )
    seed: int = Field(7, description="of the noise")
