"""Every figure of a published card, computed again from the files that were published with it."""

import json
import re
import statistics
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as parquet
import pytest
from datasets.info import DatasetInfosDict
from huggingface_hub import HfApi

from corpus.articles import Article, Response, ScoredSpan, Span
from corpus.desk import Desk, read_desk
from corpus.ledger import LedgerEntry
from corpus.splits import leaks
from flows.curate import CurateReport
from publishing.describe_answers import (
    describe_agreement,
    describe_answers,
    describe_suggestions,
)
from publishing.figures import without_marks
from publishing.manifest import DatasetManifest, Manifest, ModelManifest, from_json
from publishing.predictions import is_wrong, read_predictions
from publishing.render import KEPT, card_figures, draft
from tests.flows.chain import BATCH, KNOBS
from tests.flows.plain_figures import answer_figures, span_figures, topic_figures
from tests.running import HubService, Services
from training.evaluation import score_entities, score_topics
from training.results import environment

pytestmark = pytest.mark.services
# Measured once while training, and never again the same.
MEASURED_ONCE = {"/training/wall_seconds", "/training/cpu_seconds"}
TIMES = {"/answers/first", "/answers/last", "/source/first_published", "/source/last_published"}
# A date, a number, or a number between brackets of a prediction.
NUMERIC = re.compile(r"-?\d[\d.,]*(e-?\d+)?|\d{4}-\d\d-\d\d")

ANSWER_KEYS = {
    "/agreement/topic_percent/value",
    "/agreement/topic_alpha/value",
    "/agreement/span_f1/value",
    "/suggestions/topic_rate/value",
}
SCORE_KEYS = {
    "topics": {"/scores/accuracy/value", "/scores/macro_f1/value"},
    "entities": {"/scores/precision/value", "/scores/recall/value", "/scores/f1/value"},
}


@pytest.fixture(scope="session")
def repos(rounds: list[CurateReport], hub_service: HubService) -> dict[str, Path]:
    """Kind → the downloaded files of the last version."""
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    found = {}
    for item in rounds[-1].published.items:
        folder = Path(
            api.snapshot_download(item.repo_id, repo_type=item.repo_type, revision=item.tag)
        )
        found[json.loads((folder / "manifest.json").read_text())["kind"]] = folder
    return found


@pytest.fixture(scope="session")
def desk() -> Desk:
    return read_desk("desk.yaml", KNOBS)


def manifest_of(folder: Path) -> Manifest:
    return from_json((folder / "manifest.json").read_text(encoding="utf-8"))


def shown_numbers(manifest: Manifest, repo_id: str) -> dict[str, str]:
    """Key → text of every number that the card shows."""
    return {
        item.key: item.text
        for item in card_figures(manifest, repo_id)
        if NUMERIC.fullmatch(item.text) and not item.key.endswith("#")
    }


def require_card(folder: Path, manifest: Manifest, repo_id: str) -> None:
    """The published page is what this manifest says, up to the notes of people."""
    card = (folder / "README.md").read_text(encoding="utf-8")
    found = re.fullmatch(rf"---\n.*?\n---\n\n(.*?)\n\n{re.escape(KEPT)}.*", card, re.DOTALL)
    assert found
    assert found[1] == without_marks(draft(manifest, repo_id))


def require_plain(shown: dict[str, str], plain: dict[str, float], expected: set[str]) -> None:
    """The card shows these values, computed by other code than the card's, to three digits."""
    assert expected <= plain.keys() & shown.keys()
    for key in plain.keys() & shown.keys():
        assert float(shown[key]) == pytest.approx(plain[key], abs=0.00051), key


def require_equal(shown: dict[str, str], computed: dict[str, Any]) -> None:
    for key, text in shown.items():
        if key in MEASURED_ONCE:
            assert float(text) > 0
            continue
        assert key in computed, f"{key} = {text} was not computed again"
        value = computed[key]
        # A time is shown as its day or its year.
        forms = {str(value), str(value)[:10], str(value)[:4]} if key in TIMES else {str(value)}
        if isinstance(value, float):
            forms |= {f"{value:.3f}", f"{value:g}"}
        assert text in forms, f"{key}: the card says {text}, the files {value}"


def flat(value: Any, key: str = "") -> dict[str, Any]:
    """JSON pointers of all leaves."""
    if isinstance(value, dict):
        pairs = [(str(k).replace("~", "~0").replace("/", "~1"), v) for k, v in value.items()]
    elif isinstance(value, list | tuple):
        pairs = [(str(i), v) for i, v in enumerate(value)]
    else:
        return {key: value}
    return {k: v for name, inner in pairs for k, v in flat(inner, f"{key}/{name}").items()}


def rows_of(folder: Path, name: str) -> list[dict[str, Any]]:
    return [
        row | {"split": file.name.split("-")[0]}
        for file in sorted((folder / name).glob("*.parquet"))
        for row in parquet.read_table(file).to_pylist()
    ]


def entries_of(rows: list[dict[str, Any]], topics: list[str]) -> list[LedgerEntry]:
    """The ledger as far as it is published."""

    def topic(value: int | None) -> str | None:
        return None if value is None else topics[value]

    def spans(items: Any) -> tuple[Span, ...] | None:
        return (
            None if items is None else tuple(Span(s["start"], s["end"], s["label"]) for s in items)
        )

    def scored(items: Any) -> tuple[ScoredSpan, ...] | None:
        return None if items is None else tuple(ScoredSpan(**item) for item in items)

    return [
        LedgerEntry(
            response=Response(
                row["article_id"], row["annotator"], row["status"], topic(row["topic"]),
                spans(row["spans"]), row["answered_at"],
            ),
            guidelines=row["guidelines"],
            blind=row["blind"],
            suggested_topic=row["suggested_topic"],
            topic_agent=row["topic_agent"] or "",
            suggested_spans=scored(row["suggested_spans"]),
            spans_agent=row["spans_agent"] or "",
        )
        for row in rows
    ]  # fmt: skip


def simulated_keys(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(row["article_id"], row["annotator"]) for row in rows if row["simulated"]}


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
        **flat(describe_answers(entries, simulated_keys(responses)).model_dump(), "/answers"),
        **flat(describe_agreement(entries, seed).model_dump(), "/agreement"),
        **flat(describe_suggestions(entries, seed).model_dump(), "/suggestions"),
        **flat(Counter(row["rule"] for row in default), "/review/rules"),
        **{f"/rows/{s}": sum(r["split"] == s for r in default) for s in manifest.rows},
        "/configs/default": len(default),
        "/configs/responses": len(responses),
        "/configs/disagreements": len(differing),
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
    shown = shown_numbers(manifest, desk.publish.dataset)
    assert len(shown) > 80
    require_equal(shown, computed)
    require_plain(shown, answer_figures(responses, topics), ANSWER_KEYS)
    require_card(folder, manifest, desk.publish.dataset)


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
    scores = _scores(predictions, kind, desk)
    default = rows_of(repos["dataset"], "data")
    test = sorted(row["id"] for row in default if row["split"] == "test")
    assert {p["id"] for p in predictions} >= set(test)
    old = _previous(manifest, repo_id, hub_service)
    # Settings are those of the desk, but for what training decides by the amount of gold.
    settings = (desk.models.topics if kind == "topics" else desk.models.entities).model_dump()
    decided = {"pairs_per_example", "spans_repaired"}
    settings |= {k: v for k, v in manifest.training.settings.items() if k in decided}
    responses = rows_of(repos["dataset"], "responses")
    entries = entries_of(responses, list(desk.labels.topics))
    computed = {
        **flat(describe_answers(entries, simulated_keys(responses)).model_dump(), "/answers"),
        **flat(scores, "/scores"),
        **flat(settings, "/training/settings"),
        **flat(environment(), "/training/environment"),
        **flat(_score_changes(old.scores, scores), "/changes/scores"),
        "/changes/examples_before": old.training.examples,
        "/training/seed": desk.models.seed,
        "/training/examples": sum(row["split"] == "train" for row in default),
        **{f"/errors/{i}/row": test.index(e.id) for i, e in enumerate(manifest.errors)},
        "/wrong": sum(map(is_wrong, predictions)),
        "/provenance/copydesk_version": version("copydesk"),
        "/interval_percent": 95,
    }
    shown = shown_numbers(manifest, repo_id)
    assert len(shown) > 30
    require_equal(shown, computed)
    plain = topic_figures if kind == "topics" else span_figures
    require_plain(shown, plain(predictions), SCORE_KEYS[kind])
    require_card(folder, manifest, repo_id)
    assert manifest.lineage.dataset_revision == _dataset_revision(hub_service, desk, manifest)


@pytest.mark.parametrize("kind", ["dataset", "topics", "entities"])
def test_the_examples_of_a_card_run(
    repos: dict[str, Path], services: Services, tmp_path: Path, kind: str
) -> None:
    card = (repos[kind] / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**services.environment, "PATH": "/usr/bin:/bin", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    expected = {"dataset": f"{6 * BATCH} answers", "topics": "[", "entities": "["}
    assert expected[kind] in done.stdout
    assert "Warning" not in done.stderr


def test_the_hub_and_its_libraries_accept_the_cards(
    repos: dict[str, Path], hub_service: HubService
) -> None:
    from huggingface_hub import DatasetCard, ModelCard

    for kind, folder in repos.items():
        text = (folder / "README.md").read_text(encoding="utf-8")
        answer = httpx.post(
            f"{hub_service.endpoint}/api/validate-yaml",
            json={"content": text, "repoType": "dataset" if kind == "dataset" else "model"},
        )
        assert (answer.status_code, answer.json()) == (200, {"errors": [], "warnings": []})
        if kind == "dataset":
            found = DatasetInfosDict.from_directory(str(folder))
            assert set(found) == {"default", "responses", "disagreements"}
            assert DatasetCard(text).data.license
        else:
            results = ModelCard(text, ignore_metadata_errors=False).data.eval_results
            assert [result.dataset_split for result in results or ()].count("test") >= 2


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


def _scores(predictions: list[dict[str, Any]], kind: str, desk: Desk) -> dict[str, Any]:
    gold, said = ([row[side] for row in predictions] for side in ("gold", "predicted"))
    if kind == "topics":
        return score_topics(gold, said, list(desk.labels.topics), desk.models.seed).to_dict()
    spans = [
        [[Span(s["start"], s["end"], s["label"]) for s in items] for items in side]
        for side in (gold, said)
    ]
    return score_entities(*spans, list(desk.labels.entities), desk.models.seed).to_dict()


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
