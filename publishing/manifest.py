"""manifest.json: every figure that a card may show, and what it was made from."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE = "manifest.json"
CARD = "README.md"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Provenance(_Part):
    """Which code and which desk made it."""

    copydesk_version: str
    code_revision: str = Field(description="commit of the flows, or 'unknown'")
    desk: str
    desk_digest: str
    guidelines_revisions: list[str] = Field(description="hashes of the guidelines annotators read")
    answers: int = Field(description="submitted answers that count")
    simulated_answers: int = Field(description="of these by simulated reviewers")


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
    annotators: int
    min_submitted: int
    answered_until: str
    rules: dict[str, int]
    agreement: dict[str, float]
    acceptance: dict[str, int]
    agents: list[str] = Field(description="whose suggestions annotators saw")
    blind_percent: float
    blind_rows: int
    split_policy: str
    leaks: int
    files: dict[str, str] = Field(description="path → sha256 of what is published beside the card")


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
    blind_test: bool = Field(description="no article of the test split was shown a suggestion")
    interval_percent: int = 95
    versions: dict[str, str]
    files: dict[str, str] = Field(description="path → sha256 of what is published beside the card")


Manifest = DatasetManifest | ModelManifest


def to_json(manifest: Manifest) -> str:
    """JSON in the order of the manifest: labels stay in schema order, also when it is read back."""
    return json.dumps(manifest.model_dump(), indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> Manifest:
    """The manifest in this JSON; raises pydantic's ValidationError for anything else."""
    raw = json.loads(text)
    model = DatasetManifest if raw.get("kind") == "dataset" else ModelManifest
    return model.model_validate(raw)


def file_hashes(folder: Path) -> dict[str, str]:
    """Path → sha256 of every file in a folder but the card and the manifest."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).as_posix() not in (FILE, CARD)
    }


def unless_only_code_changed(new: Manifest, published: str | None) -> Manifest:
    """The published manifest where all but the versions of code and libraries is the same.

    The same content makes no commit because Copydesk or a library was updated since.
    """
    try:
        old = from_json(published or "{}")
    except (ValidationError, ValueError):
        return new
    same: dict[str, Any] = {"provenance": new.provenance.model_copy(update=_code(old.provenance))}
    if isinstance(old, ModelManifest):
        same["versions"] = old.versions
    return old if new.model_copy(update=same) == old else new


def _code(provenance: Provenance) -> dict[str, str]:
    return {
        "copydesk_version": provenance.copydesk_version,
        "code_revision": provenance.code_revision,
    }
