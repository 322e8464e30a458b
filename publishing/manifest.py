"""manifest.json: every figure that a card may show, and what it was made from."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FILE = "manifest.json"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Provenance(_Part):
    """Which code and which desk made it."""

    copydesk_version: str
    code_revision: str = Field(description="commit of the flows, or 'unknown'")
    desk: str
    desk_digest: str
    guidelines_revision: str = Field(description="hash of the guidelines that annotators read")
    simulated_reviewers: bool


class DatasetManifest(_Part):
    """What is said about a published data set. Times come from the answers, never from now."""

    kind: Literal["dataset"] = "dataset"
    pretty_name: str
    license: str
    language: str
    source: str
    provenance: Provenance
    topics: list[str]
    entities: list[str]
    rows: dict[str, int] = Field(description="split → rows")
    topic_rows: dict[str, int]
    entity_spans: dict[str, int]
    reviewed: int
    unresolved: int
    quarantined: int
    answers: int
    annotators: int
    min_submitted: int
    answered_until: str
    rules: dict[str, int]
    agreement: dict[str, float]
    acceptance: dict[str, int]
    blind_percent: float
    blind_rows: int
    split_policy: str
    leaks: int


class ModelManifest(_Part):
    """What is said about a published model. ``scores`` are dictionaries of training.evaluation."""

    kind: Literal["topics", "entities"]
    pretty_name: str
    license: str
    language: str
    provenance: Provenance
    base_model: str
    dataset: str
    dataset_revision: str
    training_key: str
    labels: list[str]
    settings: dict[str, Any]
    seed: int
    examples: int
    diagnosis: str
    scores: dict[str, Any]
    benchmark: dict[str, Any]
    benchmark_name: str
    interval_percent: int = 95
    versions: dict[str, str]


Manifest = DatasetManifest | ModelManifest


def to_json(manifest: Manifest) -> str:
    """Canonical JSON: equal manifests give equal bytes."""
    return json.dumps(manifest.model_dump(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def from_json(text: str) -> Manifest:
    """The manifest in this JSON; raises pydantic's ValidationError for anything else."""
    raw = json.loads(text)
    model = DatasetManifest if raw.get("kind") == "dataset" else ModelManifest
    return model.model_validate(raw)
