"""Reviewed articles → Parquet files that load_dataset reads, with ClassLabels in schema order."""

import re
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Features, List, Value

from corpus.articles import ReviewedArticle, Span, chosen_topics, without_overlaps
from corpus.desk import Desk
from corpus.permissions import stated_license, states_licenses, withheld_ids
from corpus.review_state import Reviewed
from publishing.responses_config import (
    SPAN,
    disagreements_features,
    disagreements_rows,
    responses_features,
    responses_rows,
    span_row,
)
from publishing.sft_config import SFT, sft_features, sft_rows
from publishing.shards import Row, WrittenConfig, write_config
from publishing.topic_columns import topic_cells, topic_features

SPLITS = ("train", "validation", "test")
# The one split of a configuration that is not for training ("all" means something to datasets).
FULL = "full"
TOKEN = re.compile(r"\w+|[^\w\s]")


def resolved_rows(
    reviewed: Sequence[ReviewedArticle], topics: Sequence[str], entities: Sequence[str]
) -> list[ReviewedArticle]:
    """The articles whose every question is resolved: what is published."""
    return [
        r
        for r in reviewed
        if (not topics or chosen_topics(r) is not None) and (not entities or r.spans is not None)
    ]


def dataset_features(desk: Desk, licensed: bool) -> Features:
    """The columns: class numbers follow the schema, whatever the rows.

    ``licensed`` adds the licence of each article.
    """
    topics, entities = list(desk.labels.topics), list(desk.labels.entities)
    features: dict[str, Any] = {
        "id": Value("string"),
        "title": Value("string"),
        "text": Value("string"),
    }
    if topics:
        features |= topic_features(topics, desk.labels.several_topics)
    if entities:
        features["spans"] = List(SPAN)
        features["tokens"] = List(Value("string"))
        features["ner_tags"] = List(ClassLabel(names=iob2_names(entities)))
    if licensed:
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

    Rows stand by id, so equal rows give equal bytes.
    """
    topics, entities = list(desk.labels.topics), list(desk.labels.entities)
    known = [r.article for r in review.gold.reviewed]
    licensed, withheld = states_licenses(desk, known), withheld_ids(desk, known)
    published = resolved_rows(review.gold.reviewed, topics, entities)
    published.sort(key=lambda r: r.article.id)
    ids = [r.article.id for r in published]
    # Made as they are written: words as Python objects take ten times the memory of columns.
    default = {
        split: map(partial(to_row, desk, licensed, withheld), _of(published, split))
        for split in SPLITS
    }
    chats = {split: sft_rows(desk, licensed, withheld, _of(published, split)) for split in SPLITS}
    several = desk.labels.several_topics
    answers = {FULL: responses_rows(review, topics, entities, several)}
    differing = {FULL: disagreements_rows(review, ids, topics, entities, several)}
    of_answers = responses_features(topics, entities, several)
    of_differing = disagreements_features(topics, entities, several)
    configs = [
        write_config("default", dataset_features(desk, licensed), default, folder, "data"),
        write_config("responses", of_answers, answers, folder, "responses"),
        write_config("disagreements", of_differing, differing, folder, "disagreements"),
        write_config(SFT, sft_features(licensed), chats, folder, SFT),
    ]
    return [config for config in configs if config.rows or config.name == "default"]


def _of(published: Sequence[ReviewedArticle], split: str) -> list[ReviewedArticle]:
    return [item for item in published if item.split == split]


def to_row(desk: Desk, licensed: bool, withheld: Collection[str], reviewed: ReviewedArticle) -> Row:
    """One row of the default configuration; without text where its licence forbids it."""
    article = reviewed.article
    hidden = article.id in withheld
    row: Row = {
        "id": article.id,
        "title": None if hidden else article.title,
        "text": None if hidden else article.text,
    }
    if desk.labels.topics:
        several = desk.labels.several_topics
        row |= topic_cells(reviewed, list(desk.labels.topics), several)
    if desk.labels.entities:
        spans = reviewed.spans or ()
        tokens, tags = to_iob2(article.text, spans)
        row["spans"] = [span_row(s) for s in spans]
        row |= {"tokens": None if hidden else tokens, "ner_tags": None if hidden else tags}
    if licensed:
        row |= {"license": stated_license(desk, article), "text_withheld": hidden}
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
    kept = without_overlaps(spans)
    tokens, tags = [], []
    previous: Span | None = None
    first = 0
    for match in TOKEN.finditer(text):
        while first < len(kept) and kept[first].end <= match.start():
            first += 1
        last = first
        while last < len(kept) and kept[last].start < match.end():
            last += 1
        inside = max(kept[first:last], key=_length, default=None)
        tokens.append(match.group())
        if inside is None:
            tags.append("O")
        else:
            tags.append(f"{'I' if inside is previous else 'B'}-{inside.label}")
        previous = inside
    return tokens, tags


def _length(span: Span) -> int:
    return span.end - span.start
