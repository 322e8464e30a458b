"""manifest.json: every figure that a card may show, and what it was made from.

Parts that are None were not measured: their section is left out of the card.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE = "manifest.json"
CARD = "README.md"
KINDS = ("dataset", "topics", "entities", "instructions")
_SHA256 = re.compile("[0-9a-f]{64}")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(_Part):
    """A figure with its interval."""

    value: float
    low: float
    high: float


class Provenance(_Part):
    """Which code and which desk made it."""

    copydesk_version: str
    code_revision: str = Field(
        description="commit of the flows, with -dirty after uncommitted changes, or 'unknown'"
    )
    desk: str
    desk_digest: str


class License(_Part):
    """``name`` and ``link`` of a licence that the Hub has no identifier for (id: other)."""

    id: str = Field(min_length=1)
    name: str | None = None
    link: str | None = None


class Answers(_Part):
    """Whose answers it rests on."""

    submitted: int = Field(description="submitted answers that count")
    discarded: int
    simulated: int = Field(description="of the submitted, by simulated reviewers")
    annotators: int
    first: str = Field(description="time of the first answer, ISO 8601, or empty")
    last: str


class Guidelines(_Part):
    """What annotators read; ``text`` is None for a revision older than the ledger's memory."""

    revision: str = Field(description="first 12 hex digits of the text's sha256")
    text: str | None


class Source(_Part):
    """Where the articles come from."""

    name: str
    rows: dict[str, int] = Field(description="source of a row → rows")
    first_published: str
    last_published: str
    characters_median: float
    characters_max: int
    withheld: int = Field(description="rows whose licence forbids to pass the text on")


class Label(_Part):
    """One topic or entity type."""

    definition: str
    rows: dict[str, int] = Field(description="split → articles of a topic, spans of a type")
    total: int


class Review(_Part):
    """How answers became gold."""

    min_submitted: int
    reviewed: int
    unresolved: int
    quarantined: int
    rules: dict[str, int]


class Agreement(_Part):
    """Between annotators, over articles with two answers or more."""

    articles: int
    topic_percent: Estimate | None
    topic_alpha: Estimate | None
    span_f1: Estimate | None


class Suggestions(_Part):
    """What annotators were shown, how much of it they kept, and whether it pulled them.

    ``agreement_blind`` and ``agreement_shown`` compare annotators with each other on articles
    without and with suggestions: suggestions that pull make people agree with each other, too.
    """

    agents: list[str]
    topics_shown: int
    topics_kept: int
    topic_rate: Estimate | None
    spans_shown: int
    spans_kept: int
    span_rate: Estimate | None
    agreement_blind: Agreement | None
    agreement_shown: Agreement | None


class Splits(_Part):
    """How articles were divided."""

    policy: str
    leaks: int = Field(description="near-duplicate pairs that stand in different splits")
    blind_percent: float = Field(description="that the desk draws now")
    blind_rows: int
    blind_test: bool = Field(description="the test split has articles, and all of them are blind")


class DatasetChanges(_Part):
    """Against the last published version."""

    since: str = Field(description="its tag")
    added: int
    removed: int
    relabelled: int
    moved: int = Field(description="articles in another split than before")


class DatasetManifest(_Part):
    """What is said about a published data set. Times come from the answers, never from now."""

    kind: Literal["dataset"] = "dataset"
    pretty_name: str
    license: License
    language: str
    provenance: Provenance
    source: Source
    topics: dict[str, Label]
    entities: dict[str, Label]
    rows: dict[str, int] = Field(description="split of the default configuration → rows")
    configs: dict[str, int] = Field(description="configuration → rows")
    answers: Answers
    guidelines: list[Guidelines]
    review: Review
    agreement: Agreement
    suggestions: Suggestions
    splits: Splits
    bias_probe: dict[str, Estimate] | None = None
    changes: DatasetChanges | None = None
    interval_percent: int = 95
    seed: int = Field(description="of the resampling behind the intervals")
    files: dict[str, str] = Field(description="path → sha256 of what is published beside the card")


class Training(_Part):
    """How a model came about; seconds are of the one training, None where unknown."""

    key: str
    seed: int
    settings: dict[str, Any]
    examples: int
    diagnosis: str
    wall_seconds: float | None
    cpu_seconds: float | None
    environment: dict[str, str]


class Lineage(_Part):
    """What it was made from."""

    base_model: str
    base_license: str | None
    dataset: str
    dataset_revision: str
    dataset_tag: str
    dataset_digest: str = Field(description="hash of its articles, splits and gold labels")
    test_digest: str = Field(description="the same of its test split alone")
    guidelines: list[str] = Field(description="revisions that annotators of its data read")


class WrongAnswer(_Part):
    """An article of the test split that the model gets wrong."""

    id: str
    row: int = Field(description="position in the test split of the data set")
    excerpt: str = Field(description="its beginning, empty where the text may not be passed on")
    gold: list[str]
    predicted: list[str]


class Calibration(_Part):
    """How far probabilities can be taken at their word."""

    method: str
    error: Estimate = Field(description="expected calibration error, ten bins")


class ScoreChange(_Part):
    """A score of the last published version and of this one."""

    old: float
    new: float


class ModelChanges(_Part):
    """Against the last published version; scores are each on its own test split."""

    since: str
    scores: dict[str, ScoreChange]
    same_test: bool = Field(description="both were scored on the same articles and labels")
    examples_before: int
    settings: list[str] = Field(description="settings with another value")


class ModelManifest(_Part):
    """What is said about a published model. ``scores`` are dictionaries of training.evaluation."""

    kind: Literal["topics", "entities", "instructions"]
    library: Literal["setfit", "transformers", "peft"]
    pretty_name: str
    license: License
    language: str
    provenance: Provenance
    lineage: Lineage
    labels: dict[str, str] = Field(description="label → definition, in the order of the schema")
    answers: Answers
    training: Training
    scores: dict[str, Any]
    benchmark: dict[str, Any]
    benchmark_name: str
    blind_test: bool = Field(description="no article of the test split was shown a suggestion")
    errors: list[WrongAnswer] = Field(default_factory=list)
    wrong: int | None = Field(None, description="articles of the test split with a mistake")
    calibration: Calibration | None = None
    bias_probe: dict[str, Estimate] | None = None
    changes: ModelChanges | None = None
    interval_percent: int = 95
    files: dict[str, str] = Field(description="path → sha256 of what is published beside the card")


Manifest = DatasetManifest | ModelManifest


def to_json(manifest: Manifest) -> str:
    """JSON in the order of the manifest: labels stay in schema order, also when it is read back."""
    return json.dumps(manifest.model_dump(), indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> Manifest:
    """The manifest in this JSON; raises pydantic's ValidationError for anything else.

    What a later Copydesk wrote into it besides is left out.
    """
    raw = json.loads(text)
    model = DatasetManifest if raw.get("kind") == "dataset" else ModelManifest
    return model.model_validate(raw, extra="ignore")


def read_manifest(text: str | None) -> Manifest | None:
    """The last published manifest; None where there is none that this version can read."""
    try:
        return None if text is None else from_json(text)
    except (ValidationError, ValueError, AttributeError):
        return None


def is_ours(text: str | None) -> bool:
    """Whether Copydesk wrote this manifest.json, also another version: others use the name, too."""
    try:
        raw = json.loads(text or "null")
    except ValueError:
        return False
    if not isinstance(raw, dict) or raw.get("kind") not in KINDS:
        return False
    made_by, files = raw.get("provenance"), raw.get("files")
    if not isinstance(made_by, dict) or "copydesk_version" not in made_by:
        return False
    return isinstance(files, dict) and all(_SHA256.fullmatch(str(sha)) for sha in files.values())


def listed_files(text: str | None) -> set[str] | None:
    """The files that our manifest lists; None where it is not ours."""
    return set(json.loads(text or "")["files"]) if is_ours(text) else None


def published_labels(text: str | None, key: Literal["topics", "entities"]) -> list[str]:
    """The labels of a data set as any version of our manifest names them, in their order."""
    raw = json.loads(text or "null") if is_ours(text) else {}
    return [str(label) for label in raw.get(key) or ()]


def file_hashes(folder: Path) -> dict[str, str]:
    """Path → sha256 of every file in a folder but the card and the manifest."""
    return {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).as_posix() not in (FILE, CARD)
    }


def same_content(new: Manifest, old: Manifest | None) -> bool:
    """Whether all is equal but the versions of code, and what changed since another version.

    The same content makes no commit because Copydesk was updated since; nor does a model because
    its data set has a new revision with the same articles and labels (somebody edited its card).
    """
    if old is None or new.kind != old.kind:
        return False
    code = {"copydesk_version": "", "code_revision": ""}

    def bare(manifest: Manifest) -> Manifest:
        plain: dict[str, Any] = {"provenance": manifest.provenance.model_copy(update=code)}
        if isinstance(manifest, ModelManifest):
            revision = {"dataset_revision": "", "dataset_tag": ""}
            plain["lineage"] = manifest.lineage.model_copy(update=revision)
        return manifest.model_copy(update=plain | {"changes": None})

    return bare(new) == bare(old)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
