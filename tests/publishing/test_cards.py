"""Cards: what a reader sees comes from the manifest, in every combination of a desk."""

import re
from itertools import product
from typing import Any

import httpx
import pytest
from huggingface_hub import DatasetCard, ModelCard

from corpus.articles import Span
from corpus.errors import DeskError
from publishing.dataset import dataset_features
from publishing.manifest import DatasetManifest, ModelManifest, Provenance, from_json, to_json
from publishing.render import (
    NOTES_END,
    NOTES_START,
    check_numbers,
    render_dataset_card,
    render_model_card,
)
from tests.running import HubService
from training.evaluation import score_entities, score_topics

TOPICS = ["World", "Sports"]
TYPES = ["person", "place"]
REPO = "lantern/harbour-news"
BOTH = pytest.mark.parametrize("simulated", [True, False], ids=["simulated", "people"])


def provenance(simulated: bool) -> Provenance:
    return Provenance(
        copydesk_version="0.1.0",
        code_revision="0123456789ab",
        desk="harbour",
        desk_digest="ab12cd34ef56",
        guidelines_revision="9f8e7d6c",
        simulated_reviewers=simulated,
    )


def dataset_manifest(
    topics: list[str], entities: list[str], simulated: bool, **changes: Any
) -> DatasetManifest:
    """Of a desk that asks for these topics and entity types."""
    facts: dict[str, Any] = {
        "pretty_name": "Harbour News",
        "license": "cc0-1.0",
        "language": "en",
        "source": "harbour.csv",
        "provenance": provenance(simulated),
        "topics": topics,
        "entities": entities,
        "rows": {"train": 1207, "validation": 0, "test": 62},
        "topic_rows": {topic: 600 + i for i, topic in enumerate(topics)},
        "entity_spans": {label: 900 + i for i, label in enumerate(entities)},
        "reviewed": 1275,
        "unresolved": 6,
        "quarantined": 0,
        "answers": 3812,
        "annotators": 3,
        "min_submitted": 3,
        "answered_until": "2026-03-01T09:30:00+00:00",
        "rules": {"majority": 1269, "tie": 6},
        "agreement": {"Krippendorff alpha of topics": 2 / 3} if topics else {},
        "acceptance": {"Topic suggestions shown with an answer": 80} if topics else {},
        "blind_percent": 10.0,
        "blind_rows": 62,
        "split_policy": "Near-duplicates (Jaccard of 0.5 or more) stand in one split.",
        "leaks": 0,
    }
    return DatasetManifest(**facts | changes)


def model_manifest(
    kind: str, simulated: bool, scored: bool, benchmark: bool, **changes: Any
) -> ModelManifest:
    """With real scores, in every digit, of a few articles."""
    if kind == "topics":
        scores = score_topics(TOPICS * 5 + ["World"], ["World"] * 11, TOPICS, 1, 50).to_dict()
    else:
        gold = [[Span(0, 3, "person"), Span(5, 9, "place")]] * 3 + [[], [Span(1, 2, "place")]]
        found = [[Span(0, 3, "person")]] * 3 + [[Span(1, 4, "person")], [Span(1, 2, "place")]]
        scores = score_entities(gold, found, TYPES, 1, 50).to_dict()
    facts: dict[str, Any] = {
        "kind": kind,
        "pretty_name": "Harbour News",
        "license": "apache-2.0",
        "language": "en",
        "provenance": provenance(simulated),
        "base_model": "sentence-transformers/all-MiniLM-L6-v2",
        "dataset": REPO,
        "dataset_revision": "0123456789abcdef0123456789abcdef01234567",
        "training_key": "00ff00ff00ff00ff",
        "labels": TOPICS if kind == "topics" else TYPES,
        "settings": {"learning_rate": 2e-05, "max_length_tokens": 128, "per_class": "all"},
        "seed": 42,
        "examples": 1207,
        "diagnosis": "Healthy: training loss falls, and validation does not turn against it.",
        "scores": scores if scored else {},
        "benchmark": scores if benchmark else {},
        "benchmark_name": "harbour.csv, split test",
        "versions": {"setfit": "1.2.0"},
    }
    return ModelManifest(**facts | changes)


def data_card(manifest: DatasetManifest, previous: str | None = None) -> str:
    features = dataset_features(manifest.topics, manifest.entities)
    return render_dataset_card(manifest, REPO, features, previous)


def body_of(card: str) -> str:
    return card.split("\n---\n", 1)[1]


def require_readable(card: str) -> None:
    """What no reader should have to see, in any card."""
    body = body_of(card)
    for word in ("More Information Needed", "None", "nan", "inf", "{{", "{%"):
        assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", body), word
    assert "\n\n\n" not in body
    assert not re.search(r"\d\.\d{5,}", body), "a float in every digit"
    assert not re.search(r"[ \t]$", body, re.MULTILINE), "white space at the end of a line"
    lines = body.splitlines()
    for above, line, below in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        if re.match(r"\| -", line):
            assert below.startswith("|"), f"a table without rows under {above!r}"
        if line.startswith("#"):
            assert (above, below) == ("", ""), f"{line!r} needs blank lines around it"
