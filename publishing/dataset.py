"""Reviewed articles → Parquet files that load_dataset reads, with ClassLabels in schema order."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Dataset, Features, List, Value

from corpus.articles import ReviewedArticle, Span

SPLITS = ("train", "validation", "test")
TOKEN = re.compile(r"\w+|[^\w\s]")


def resolved_rows(
    reviewed: Sequence[ReviewedArticle], topics: Sequence[str], entities: Sequence[str]
) -> list[ReviewedArticle]:
    """The articles whose every question is resolved: what is published."""
    return [
        r
        for r in reviewed
        if (not topics or r.topic is not None) and (not entities or r.spans is not None)
    ]


def dataset_features(topics: Sequence[str], entities: Sequence[str]) -> Features:
    """The columns, whatever the rows: class numbers follow the schema, not the data."""
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


def write_dataset(
    reviewed: Sequence[ReviewedArticle],
    topics: Sequence[str],
    entities: Sequence[str],
    folder: Path,
) -> dict[str, int]:
    """Write data/{split}-00000-of-00001.parquet, rows by id; returns split → rows.

    A split without rows gets no file: readers cannot tell an empty Parquet from a broken one.
    Equal rows give equal bytes.
    """
    features = dataset_features(topics, entities)
    rows: dict[str, int] = {}
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        part = [r for r in resolved_rows(reviewed, topics, entities) if r.split == split]
        rows[split] = len(part)
        if part:
            part.sort(key=lambda r: r.article.id)
            found = Dataset.from_list([to_row(r, topics, entities) for r in part], features)
            found.to_parquet(str(folder / "data" / f"{split}-00000-of-00001.parquet"))
    return rows


def to_row(
    reviewed: ReviewedArticle, topics: Sequence[str], entities: Sequence[str]
) -> dict[str, Any]:
    """One row of the data set."""
    article = reviewed.article
    row: dict[str, Any] = {"id": article.id, "title": article.title, "text": article.text}
    if topics:
        row["topic"] = reviewed.topic
    if entities:
        spans = reviewed.spans or ()
        tokens, tags = to_iob2(article.text, spans)
        row["spans"] = [{"start": s.start, "end": s.end, "label": s.label} for s in spans]
        row |= {"tokens": tokens, "ner_tags": tags}
    return row | {
        "source": article.source,
        "published_at": article.published_at,
        "rule": reviewed.rule,
        "answers": reviewed.answers,
        "agreement": reviewed.agreement,
        "blind": reviewed.blind,
    }


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
