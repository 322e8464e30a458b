"""Reviewed articles → Parquet files that load_dataset reads, with ClassLabels in schema order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Dataset, Features, List, Value

from corpus.articles import ReviewedArticle, Span
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.review_state import Reviewed
from publishing.responses_config import (
    disagreements_features,
    disagreements_rows,
    responses_features,
    responses_rows,
)

SPLITS = ("train", "validation", "test")
# The one split of a configuration that is not for training ("all" means something to datasets).
FULL = "full"
SHARD_ROWS = 50_000
TOKEN = re.compile(r"\w+|[^\w\s]")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WrittenConfig:
    """A configuration on disk: ``folder``/{split}-*.parquet, of the splits that have rows.

    ``memory_bytes`` is what a split takes as Arrow, ``file_bytes`` what is downloaded of all.
    """

    name: str
    folder: str
    features: Features
    rows: dict[str, int]
    memory_bytes: dict[str, int]
    file_bytes: int


def resolved_rows(
    reviewed: Sequence[ReviewedArticle], topics: Sequence[str], entities: Sequence[str]
) -> list[ReviewedArticle]:
    """The articles whose every question is resolved: what is published."""
    return [
        r
        for r in reviewed
        if (not topics or r.topic is not None) and (not entities or r.spans is not None)
    ]


def dataset_features(desk: Desk) -> Features:
    """The columns, whatever the rows: class numbers follow the schema, not the data."""
    topics, entities = list(desk.labels.topics), list(desk.labels.entities)
    features: dict[str, Any] = {
        "id": Value("string"),
        "title": Value("string"),
        "text": Value("string"),
    }
    if topics:
        features["topic"] = ClassLabel(names=list(topics))
    if entities:
        span = {"start": Value("int32"), "end": Value("int32"), "label": Value("string")}
        features["spans"] = List(span)
        features["tokens"] = List(Value("string"))
        features["ner_tags"] = List(ClassLabel(names=iob2_names(entities)))
    if _states_licenses(desk):
        features |= {"license": Value("string"), "text_withheld": Value("bool")}
    features |= {
        "source": Value("string"),
        "published_at": Value("string"),
        "rule": Value("string"),
        "answers": Value("int32"),
        "agreement": Value("float32"),
        "blind": Value("bool"),
    }
    return Features(features)


def iob2_names(entities: Sequence[str]) -> list[str]:
    """O, then B- and I- of each entity type, in schema order."""
    return ["O", *(f"{prefix}-{label}" for label in entities for prefix in "BI")]


def write_dataset(desk: Desk, review: Reviewed, folder: Path) -> list[WrittenConfig]:
    """Write all configurations; "default" is the first, and one without rows gets no file.

    A split without rows gets no file either: readers cannot tell an empty Parquet from a broken
    one. Rows stand by id, so equal rows give equal bytes.
    """
    topics, entities = list(desk.labels.topics), list(desk.labels.entities)
    published = resolved_rows(review.gold.reviewed, topics, entities)
    published.sort(key=lambda r: r.article.id)
    ids = [r.article.id for r in published]
    default = {split: [to_row(desk, r) for r in published if r.split == split] for split in SPLITS}
    answers = responses_rows(review, topics, entities)
    differing = disagreements_rows(review, ids, topics, entities)
    configs = [
        _write("default", "data", dataset_features(desk), default, folder),
        _write("responses", "responses", responses_features(topics, entities), answers, folder),
        _write(
            "disagreements",
            "disagreements",
            disagreements_features(topics, entities),
            differing,
            folder,
        ),
    ]
    return [config for config in configs if config.rows or config.name == "default"]


def refuse_changed_classes(desk: Desk, topics: Sequence[str], entities: Sequence[str]) -> None:
    """DeskError where class numbers of a published version would mean something else now."""
    for key, old, new in (
        ("topics", list(topics), list(desk.labels.topics)),
        ("entities", list(entities), list(desk.labels.entities)),
    ):
        if new[: len(old)] != old:
            raise DeskError(
                f"{desk.publish.dataset} is published with {key} {old}; the desk has {new}, so "
                "class numbers would change their meaning. New labels may only follow the old.",
                f"Restore the order of labels.{key}, or name another repository under publish:.",
            )


def to_row(desk: Desk, reviewed: ReviewedArticle) -> dict[str, Any]:
    """One row of the default configuration; without text where its licence forbids it."""
    article = reviewed.article
    withheld = desk.withholds(article.license)
    row: dict[str, Any] = {
        "id": article.id,
        "title": None if withheld else article.title,
        "text": None if withheld else article.text,
    }
    if desk.labels.topics:
        row["topic"] = reviewed.topic
    if desk.labels.entities:
        spans = reviewed.spans or ()
        tokens, tags = to_iob2(article.text, spans)
        row["spans"] = [{"start": s.start, "end": s.end, "label": s.label} for s in spans]
        row |= {"tokens": None if withheld else tokens, "ner_tags": None if withheld else tags}
    if _states_licenses(desk):
        row |= {"license": article.license, "text_withheld": withheld}
    return row | {
        "source": article.source,
        "published_at": article.published_at,
        "rule": reviewed.rule,
        "answers": reviewed.answers,
        "agreement": reviewed.agreement,
        "blind": reviewed.blind,
    }


def _write(
    name: str,
    folder_name: str,
    features: Features,
    rows: Mapping[str, list[Row]] | list[Row],
    folder: Path,
) -> WrittenConfig:
    splits = {FULL: rows} if isinstance(rows, list) else rows
    (folder / folder_name).mkdir(parents=True, exist_ok=True)
    counts, sizes, on_disk = {}, {}, 0
    for split, part in splits.items():
        if not part:
            continue
        counts[split], sizes[split] = len(part), 0
        shards = -(-len(part) // SHARD_ROWS)
        for i in range(shards):
            shard = Dataset.from_list(part[i * SHARD_ROWS : (i + 1) * SHARD_ROWS], features)
            file = folder / folder_name / f"{split}-{i:05d}-of-{shards:05d}.parquet"
            shard.to_parquet(str(file))
            sizes[split] += shard.data.nbytes
            on_disk += file.stat().st_size
    return WrittenConfig(name, folder_name, features, counts, sizes, on_disk)


def _states_licenses(desk: Desk) -> bool:
    return bool(desk.source.license) or desk.source.columns.license is not None


def to_iob2(text: str, spans: Sequence[Span]) -> tuple[list[str], list[str]]:
    """Words and punctuation marks with IOB2 tags; a span that cuts a token takes it whole.

    Of overlapping spans the longer one is kept, as token tags cannot hold both.
    """
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start)):
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    tokens, tags = [], []
    previous: Span | None = None
    for match in TOKEN.finditer(text):
        inside = next((s for s in kept if s.start < match.end() and match.start() < s.end), None)
        tokens.append(match.group())
        if inside is None:
            tags.append("O")
        else:
            tags.append(f"{'I' if inside is previous else 'B'}-{inside.label}")
        previous = inside
    return tokens, tags
