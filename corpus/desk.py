"""desk.yaml: the one place where a user says what is curated."""

import hashlib
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from corpus.desk_errors import KEYS, desk_error
from corpus.errors import DeskError
from corpus.settings.gate import GateSettings
from corpus.settings.labels import LabelSettings
from corpus.settings.models import ModelSettings
from corpus.settings.part import DeskPart
from corpus.settings.publish import PublishSettings
from corpus.settings.review import ReviewSettings, SimulationSettings, SplitSettings
from corpus.settings.source import SourceSettings

# Of a desk, and so of its Argilla data set and of its folder in the state.
NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{1,60}$"
# What models answer, and what adjudicators decide, has a data set and a folder of its own, so
# named after those of the desk.
ANSWERS_SUFFIX = "-answers"
ADJUDICATION_SUFFIX = "-adjudication"
SUFFIXES = {
    ANSWERS_SUFFIX: "what models of desk {desk!r} answer",
    ADJUDICATION_SUFFIX: "what adjudicators of desk {desk!r} decide",
}


class Desk(DeskPart):
    """One desk: source, labels, review policy, models and repositories."""

    name: str = Field(
        pattern=NAME_PATTERN,
        description=f"Argilla data set name; not ending in {' or '.join(SUFFIXES)}",
    )
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
    gate: GateSettings = GateSettings()
    publish: PublishSettings
    simulation: SimulationSettings = SimulationSettings()
    state: str = Field("{home}/state", description="fsspec address; {home} is COPYDESK_HOME")

    @field_validator("name")
    @classmethod
    def name_is_of_a_desk(cls, name: str) -> str:
        """Two desks must not share an Argilla data set or a folder in the state."""
        for suffix, whose in SUFFIXES.items():
            if name.endswith(suffix):
                desk = name.removesuffix(suffix)
                raise ValueError(
                    f"a desk must not be called {name!r}: with {suffix} end the data set and the "
                    f"state of {whose.format(desk=desk)}; give it another name"
                )
        return name

    @model_validator(mode="after")
    def labels_exist(self) -> "Desk":
        """Mapped labels and model repositories must fit the schema."""
        for values, schema, key in (
            (self.source.topic_values, self.labels.topics, "source.topic_values"),
            (self.source.entity_values, self.labels.entities, "source.entity_values"),
            (
                self.models.preannotation.entity_values,
                self.labels.entities,
                "models.preannotation.entity_values",
            ),
        ):
            unknown = sorted({v for v in values.values() if v is not None} - set(schema))
            if unknown:
                raise ValueError(f"{key} maps to {unknown}, not among {list(schema)}")
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
                "gate": True,
                "publish": True,
                "state": True,
                "simulation": True,
                "workspace": True,
                "labels": self._unused_labels(),
                "review": {
                    "guidelines",
                    "also_ask",
                    "find_similar",
                    "reconcile_hours",
                    "order",
                    *self._unused_rule(),
                },
                # No other model depends on them; manifests list those that are models of their own.
                "models": {"instructions", "tokenizer", "preannotation"},
            }
        )
        return hashlib.sha256(parts.encode()).hexdigest()[:12]

    def _unused_labels(self) -> set[str]:
        """What a desk does without, so that desks from before it was there keep their digest."""
        return {key for key in ("overlapping", "several_topics") if not getattr(self.labels, key)}

    def _unused_rule(self) -> set[str]:
        """Of the majority, so that desks written before there were rules keep their digest."""
        return {"rule", "trusted"} if self.review.rule == "majority" else set()


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
            "Pass an existing one with --desk (ready ones lie in desks/).",
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
