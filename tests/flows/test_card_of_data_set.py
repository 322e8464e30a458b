"""Every figure of the data set's card, computed again from the files published with it."""

import statistics
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from corpus.articles import Article
from corpus.desk import Desk
from corpus.splits import leaks
from publishing.describe_answers import (
    describe_agreement,
    describe_answers,
    describe_suggestions,
)
from publishing.manifest import DatasetManifest
from tests.flows.plain_figures import answer_figures
from tests.flows.published import entries_of, flat, manifest_of, require_card, rows_of, simulated
from tests.running import HubService

pytestmark = pytest.mark.services
ANSWER_KEYS = {
    "/agreement/topic_percent/value",
    "/agreement/topic_alpha/value",
    "/agreement/span_f1/value",
    "/suggestions/topic_rate/value",
}


def test_every_figure_of_the_data_set_card(
    repos: dict[str, Path], desk: Desk, hub_service: HubService
) -> None:
    folder = repos["dataset"]
    manifest = manifest_of(folder)
    assert isinstance(manifest, DatasetManifest)
    topics = list(desk.labels.topics)
    default, responses = rows_of(folder, "data"), rows_of(folder, "responses")
    differing = rows_of(folder, "disagreements")
    entries = entries_of(responses, topics)
    ties = [row for row in differing if row["resolution"] == "tie"]
    answered = Counter(e.response.article_id for e in entries if e.response.status == "submitted")
    ready = {i for i, n in answered.items() if n >= desk.review.min_submitted}
    there = {row["id"] for row in default} | {row["id"] for row in ties}
    lengths = sorted(len(row["text"]) for row in default)
    days = sorted(row["published_at"] for row in default if row["published_at"])
    articles = [Article(row["id"], row["text"], row["title"]) for row in default]
    seed = desk.models.seed
    assert manifest.changes is not None
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    earlier = Path(
        api.snapshot_download(
            desk.publish.dataset, repo_type="dataset", revision=manifest.changes.since
        )
    )
    computed = {
        **flat(_label_rows(default, topics, desk), ""),
        **flat(Counter(row["source"] for row in default), "/source/rows"),
        **flat(describe_answers(entries, simulated(responses)).model_dump(), "/answers"),
        **flat(describe_agreement(entries, seed).model_dump(), "/agreement"),
        **flat(describe_suggestions(entries, seed).model_dump(), "/suggestions"),
        **flat(Counter(row["rule"] for row in default), "/review/rules"),
        **{f"/rows/{s}": sum(r["split"] == s for r in default) for s in manifest.rows},
        "/configs/default": len(default),
        "/configs/responses": len(responses),
        "/configs/disagreements": len(differing),
        "/configs/sft": len(rows_of(folder, "sft")),
        "/source/first_published": days[0],
        "/source/last_published": days[-1],
        "/source/characters_median": float(statistics.median(lengths)),
        "/source/characters_max": lengths[-1],
        "/review/min_submitted": desk.review.min_submitted,
        "/review/reviewed": len(there),
        "/review/unresolved": len(ties),
        "/review/quarantined": len(ready - there),
        "/splits/leaks": len(leaks(articles, {row["id"]: row["split"] for row in default})),
        "/splits/blind_percent": 100 * desk.review.blind_share,
        "/splits/blind_rows": sum(row["blind"] for row in default),
        **flat(_changes(default, rows_of(earlier, "data")), "/changes"),
        "/provenance/copydesk_version": version("copydesk"),
        "/interval_percent": 95,
        "/seed": seed,
    }
    plain = answer_figures(responses, topics)
    assert require_card(folder, desk.publish.dataset, computed, plain, ANSWER_KEYS) > 80


def _label_rows(default: list[dict[str, Any]], topics: list[str], desk: Desk) -> dict[str, Any]:
    counts: dict[str, Counter[tuple[str, str]]] = {"topics": Counter(), "entities": Counter()}
    for row in default:
        counts["topics"][topics[row["topic"]], row["split"]] += 1
        counts["entities"].update((span["label"], row["split"]) for span in row["spans"])
    splits = ("train", "validation", "test")
    return {
        key: {
            label: {
                "rows": {split: counts[key][label, split] for split in splits},
                "total": sum(counts[key][label, split] for split in splits),
            }
            for label in labels
        }
        for key, labels in (("topics", desk.labels.topics), ("entities", desk.labels.entities))
    }


def _changes(new: list[dict[str, Any]], old: list[dict[str, Any]]) -> dict[str, int]:
    def labels(rows: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
        return {r["id"]: (r["split"], (r["topic"], str(list(r["spans"])))) for r in rows}

    before, after = labels(old), labels(new)
    both = before.keys() & after.keys()
    return {
        "added": len(after.keys() - before.keys()),
        "removed": len(before.keys() - after.keys()),
        "relabelled": sum(before[i][1] != after[i][1] for i in both),
        "moved": sum(before[i][0] != after[i][0] for i in both),
    }
