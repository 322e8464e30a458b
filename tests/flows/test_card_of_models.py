"""Every figure of a model's card, computed again from the files published with it."""

import re
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi

from corpus.articles import Span
from corpus.desk import Desk
from flows.row_scores import score_rows
from publishing.describe_answers import describe_answers
from publishing.manifest import ModelManifest, from_json
from publishing.predictions import is_wrong, read_predictions
from tests.flows.insight_figures import insight_figures, plain_insight, support_of
from tests.flows.plain_figures import span_figures, topic_figures
from tests.flows.published import entries_of, flat, manifest_of, require_card, rows_of, simulated
from tests.running import HubService
from training.evaluation.counts import span_counts, topic_counts
from training.evaluation.paired import compare
from training.results import environment

pytestmark = pytest.mark.services
SEED = 42
OF_THE_DESK = {
    "topics": ["method", "max_length_tokens"],
    "entities": ["epochs", "batch_size", "learning_rate", "max_length_tokens", "stride_tokens"],
}
SCORE_KEYS = {
    "topics": {"/scores/accuracy/value", "/scores/macro_f1/value"},
    "entities": {"/scores/precision/value", "/scores/recall/value", "/scores/f1/value",
                 "/scores/schemes/partial/f1/value", "/calibration/error/value"},
}  # fmt: skip


@pytest.mark.parametrize("kind", ["topics", "entities"])
def test_every_figure_of_a_model_card(
    repos: dict[str, Path], desk: Desk, kind: str, hub_service: HubService
) -> None:
    folder = repos[kind]
    manifest = manifest_of(folder)
    assert isinstance(manifest, ModelManifest)
    repo_id = desk.publish.topic_model if kind == "topics" else desk.publish.entity_model
    assert repo_id is not None
    predictions = read_predictions(folder / "evaluation/test.jsonl")
    labels = list(desk.labels.topics if kind == "topics" else desk.labels.entities)
    scores = score_rows(predictions, "topics" if kind == "topics" else "entities", labels, SEED)
    calibration = scores.pop("calibration")
    assert (calibration is None) is (manifest.calibration is None)
    default = rows_of(repos["dataset"], "data")
    test = sorted(row["id"] for row in default if row["split"] == "test")
    assert {p["id"] for p in predictions} >= set(test)
    old = _previous(manifest, repo_id, hub_service)
    # The rest of the settings training decides, by the amount of gold.
    asked = (desk.models.topics if kind == "topics" else desk.models.entities).model_dump()
    settings = manifest.training.settings | {name: asked[name] for name in OF_THE_DESK[kind]}
    responses = rows_of(repos["dataset"], "responses")
    entries = entries_of(responses, list(desk.labels.topics))
    computed = {
        **flat(describe_answers(entries, simulated(responses)).model_dump(), "/answers"),
        **flat(scores, "/scores"),
        **flat(calibration or {}, "/calibration"),
        **flat(settings, "/training/settings"),
        **flat(environment(), "/training/environment"),
        **flat(_score_changes(old.scores, scores), "/changes/scores"),
        **flat(_gate(folder, kind, desk), "/gate"),
        "/changes/examples_before": old.training.examples,
        "/training/seed": desk.models.seed,
        "/training/examples": sum(row["split"] == "train" for row in default),
        "/wrong": sum(map(is_wrong, predictions)),
        "/provenance/copydesk_version": version("copydesk"),
        "/interval_percent": 95,
        **insight_figures(folder, manifest, desk.models.seed),
        **support_of(default, kind, list(desk.labels.topics)),
    }
    if kind == "entities":
        as_on_the_card = read_predictions(folder / "evaluation/plain.jsonl")
        computed |= flat(score_rows(as_on_the_card, "entities", labels, SEED)["f1"], "/plain_f1")
    plain = (topic_figures if kind == "topics" else span_figures)(predictions)
    probed = plain_insight(folder, kind)
    expected = SCORE_KEYS[kind] | set(probed)
    assert require_card(folder, repo_id, computed, plain | probed, expected) > 60
    assert manifest.lineage.dataset_revision == _dataset_revision(hub_service, desk, manifest)


def test_the_code_of_a_card_finds_what_the_card_says(repos: dict[str, Path], desk: Desk) -> None:
    """By transformers and a plain loop, on the published test split."""
    folder, repo_id = repos["entities"], desk.publish.entity_model
    card = (folder / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)\nprint", card, re.DOTALL)
    known: dict[str, Any] = {}
    exec(code.replace(f'"{repo_id}"', repr(str(folder))), known)
    hits = marked = 0
    for row in (r for r in rows_of(repos["dataset"], "data") if r["split"] == "test"):
        gold = {(span["start"], span["end"], span["label"]) for span in row["spans"]}
        found = known["find"](row["text"])
        said = {(int(e["start"]), int(e["end"]), e["entity_group"]) for e in found}
        hits, marked = hits + 2 * len(gold & said), marked + len(gold) + len(said)
    assert marked
    assert f"with an F1 of {hits / marked:.3f} [" in card


def test_the_links_of_a_card_lead_to_its_mistakes(
    repos: dict[str, Path], hub_service: HubService
) -> None:
    for kind in ("topics", "entities"):
        card = (repos[kind] / "README.md").read_text(encoding="utf-8")
        links = re.findall(r"\| \[(\w+)\]\((/datasets/\S+)\)", card)
        assert links
        for article_id, address in links:
            page = httpx.get(f"{hub_service.endpoint}{address}").text
            rows = page.partition("<tbody>")[2]
            assert rows.index(article_id) < rows.index("</tr>")
            assert "No row has" not in page


def sides(rows: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    return [row["gold"] for row in rows], [row["predicted"] for row in rows]


def as_spans(side: list[Any]) -> list[list[Span]]:
    return [[Span(s["start"], s["end"], s["label"]) for s in items] for items in side]


def _gate(folder: Path, kind: str, desk: Desk) -> dict[str, Any]:
    """From what both versions said of the same articles."""
    both = [read_predictions(folder / f"evaluation/{name}.jsonl") for name in ("previous", "test")]
    assert [row["id"] for row in both[0]] == [row["id"] for row in both[1]]
    labels = list(desk.labels.topics if kind == "topics" else desk.labels.entities)
    if kind == "topics":
        counts = [topic_counts(*sides(rows), labels) for rows in both]
    else:
        counts = [span_counts(*map(as_spans, sides(rows)), labels) for rows in both]
    found = compare(*counts, labels, desk.models.seed)
    return {
        **desk.gate.model_dump(),
        "test_articles": len(both[1]),
        "overall": asdict(found.overall),
        "labels": {label: asdict(d) for label, d in found.labels.items()},
        "better_percent": 100 * found.better,
    }


def _score_changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, dict[str, float]]:
    names = [name for name, value in new.items() if isinstance(value, dict) and "value" in value]
    return {name: {"old": old[name]["value"], "new": new[name]["value"]} for name in names}


def _previous(manifest: ModelManifest, repo_id: str, hub: HubService) -> ModelManifest:
    assert manifest.changes is not None
    path = HfApi(endpoint=hub.endpoint, token=hub.token).hf_hub_download(
        repo_id, "manifest.json", revision=manifest.changes.since
    )
    found = from_json(Path(path).read_text(encoding="utf-8"))
    assert isinstance(found, ModelManifest)
    return found


def _dataset_revision(hub: HubService, desk: Desk, manifest: ModelManifest) -> str:
    refs = HfApi(endpoint=hub.endpoint, token=hub.token).list_repo_refs(
        desk.publish.dataset, repo_type="dataset"
    )
    return {tag.name: tag.target_commit for tag in refs.tags}[manifest.lineage.dataset_tag]
