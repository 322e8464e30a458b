"""manifest.json: every figure that a card may show, and what it was made from.

Parts that are None were not measured: their section is left out of the card.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from publishing.insight_parts import Robustness, Worth
from publishing.manifest_parts import (
    Agreement,
    Answers,
    Calibration,
    ComparedTexts,
    Comparison,
    DatasetChanges,
    Estimate,
    Gate,
    Generation,
    Guidelines,
    Label,
    License,
    Lineage,
    ManifestPart,
    ModelChanges,
    Prompt,
    Provenance,
    Review,
    Source,
    Splits,
    Suggestions,
    Training,
    WrongAnswer,
)

FILE = "manifest.json"
CARD = "README.md"
KINDS = ("dataset", "topics", "entities", "instructions", "base", "tokenizer")
_SHA256 = re.compile("[0-9a-f]{64}")


class DatasetManifest(ManifestPart):
    """What is said about a published data set. Times come from the answers, never from now."""

    kind: Literal["dataset"] = "dataset"
    pretty_name: str
    license: License
    language: str
    provenance: Provenance
    source: Source
    topics: dict[str, Label]
    several_topics: bool = Field(False, description="an article may have several topics, or none")
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


class ModelManifest(ManifestPart):
    """What is said about a published model. ``scores`` are dictionaries of training.evaluation."""

    kind: Literal["topics", "entities", "instructions"]
    library: Literal["setfit", "transformers", "peft"]
    pretty_name: str
    license: License
    language: str
    provenance: Provenance
    lineage: Lineage
    labels: dict[str, str] = Field(description="label → definition, in the order of the schema")
    several_topics: bool = Field(False, description="it may give an article several, or none")
    answers: Answers
    training: Training
    scores: dict[str, Any]
    plain_f1: Estimate | None = Field(
        None, description="span F1 on the test split of the code that the card shows"
    )
    benchmark: dict[str, Any]
    benchmark_name: str
    blind_test: bool = Field(description="no article of the test split was shown a suggestion")
    errors: list[WrongAnswer] = Field(default_factory=list)
    wrong: int | None = Field(None, description="articles of the test split with a mistake")
    prompt: Prompt | None = Field(None, description="of instruction models")
    comparison: Comparison | None = Field(None, description="of instruction models")
    generations: list[Generation] = Field(default_factory=list)
    answers_withheld: int = Field(0, description="test articles whose answers are not published")
    calibration: Calibration | None = None
    worth: Worth | None = None
    bias_probe: dict[str, Estimate] | None = None
    robustness: Robustness | None = None
    not_probed: list[str] = Field(default_factory=list, description="what, and why")
    gate: Gate | None = None
    changes: ModelChanges | None = None
    interval_percent: int = 95
    files: dict[str, str] = Field(description="path → sha256 of what is published beside the card")


class BaseManifest(ManifestPart):
    """What is said about the small decoder that adapters of a desk are trained on."""

    kind: Literal["base"] = "base"
    pretty_name: str
    license: License
    language: str
    provenance: Provenance
    made_from: str = Field(description="whose vectors its tokens start from")
    made_from_license: str
    dataset: str = Field(description="whose texts its tokens were learned from")
    adapter: str = Field(description="the repository of the adapters")
    parameters: int
    layers: int
    hidden: int
    vocabulary: int
    context: int = Field(description="tokens that it reads")
    files: dict[str, str] = Field(description="path → sha256 of what is published beside the card")


class TokenizerManifest(ManifestPart):
    """What is said about a tokenizer with the words of a desk's articles."""

    kind: Literal["tokenizer"] = "tokenizer"
    pretty_name: str
    license: License
    language: str
    provenance: Provenance
    key: str = Field(description="hash of what decides it: articles, base, size of the vocabulary")
    base: str = Field(description="whose kind, normalisation and special tokens it has")
    base_license: str | None
    base_vocabulary: int
    algorithm: str = Field(description="WordPiece, BPE, Unigram or WordLevel")
    vocabulary: int
    asked_for: int = Field(description="tokens at most")
    articles: int = Field(description="of the train split, that it learned from")
    dataset: str | None = Field(description="the data set repo, once it is published")
    compared_on: str = Field(description="in words")
    compared: ComparedTexts
    sources: dict[str, ComparedTexts] = Field(description="of each source, where there are several")
    files: dict[str, str] = Field(description="path → sha256 of what is published beside the card")


Manifest = DatasetManifest | ModelManifest | BaseManifest | TokenizerManifest


def to_json(manifest: Manifest) -> str:
    """JSON in the order of the manifest: labels stay in schema order, also when it is read back."""
    return json.dumps(manifest.model_dump(), indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> Manifest:
    """The manifest in this JSON; raises pydantic's ValidationError for anything else.

    What a later Copydesk wrote into it besides is left out.
    """
    raw = json.loads(text)
    models: dict[str, type[Manifest]] = {
        "dataset": DatasetManifest,
        "base": BaseManifest,
        "tokenizer": TokenizerManifest,
    }
    return models.get(raw.get("kind"), ModelManifest).model_validate(raw, extra="ignore")


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


def published_several(text: str | None) -> bool | None:
    """Whether a data set was published with several topics an article; None for none with topics,
    as any version of our manifest tells it.
    """
    raw = json.loads(text or "null") if is_ours(text) else {}
    return bool(raw.get("several_topics")) if raw.get("topics") else None


def file_hashes(folder: Path) -> dict[str, str]:
    """Path → sha256 of every file in a folder but the card and the manifest."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
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


def sha256_of(path: Path) -> str:
    """Of a file of any size, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
