"""publish: gold and scored models → data set and model repositories, one commit each."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from corpus.desk import Desk
from corpus.gold import Gold
from corpus.review_state import read_gold
from flows.desk_run import DeskRun
from flows.hub_access import hub_api
from flows.manifests import dataset_manifest, model_manifest
from flows.model_store import Kind, StoredModel, require_model
from flows.score_models import require_scores
from publishing.dataset import dataset_features, write_dataset
from publishing.hub import Published, publish_folder, read_text
from publishing.manifest import (
    FILE,
    DatasetManifest,
    ModelManifest,
    file_hashes,
    to_json,
    unless_only_code_changed,
)
from publishing.render import render_dataset_card, render_model_card


@dataclass(frozen=True, slots=True)
class PublishReport:
    """One item a repository, the data set first."""

    items: list[Published]


@flow(name="publish")
def publish(config: DeskRun) -> PublishReport:
    """Publish what is reviewed, trained and scored; what the Hub already holds makes no commit."""
    desk = config.read()
    gold = read_gold(desk)
    models = [(kind, require_model(desk, gold, kind)) for kind, labels in _kinds(desk) if labels]
    for kind, stored in models:
        require_scores(desk, gold, kind, stored)
    data = publish_dataset(desk, gold)
    items = [data]
    for kind, stored in models:
        items.append(publish_model(desk, gold, kind, stored, data))
    show(desk, items)
    return PublishReport(items)


def _kinds(desk: Desk) -> list[tuple[Kind, dict[str, str]]]:
    return [("topics", desk.labels.topics), ("entities", desk.labels.entities)]


@task(cache_policy=NO_CACHE)
def publish_dataset(desk: Desk, gold: Gold) -> Published:
    """Parquet files, card and manifest in one commit."""
    api, repo_id = hub_api(), desk.publish.dataset
    topics, entities = list(desk.labels.topics), list(desk.labels.entities)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = write_dataset(gold.reviewed, topics, entities, folder)
        manifest = unless_only_code_changed(
            dataset_manifest(desk, gold, rows, file_hashes(folder)),
            read_text(api, repo_id, "dataset", FILE),
        )
        assert isinstance(manifest, DatasetManifest)
        card = render_dataset_card(
            manifest,
            repo_id,
            dataset_features(topics, entities),
            read_text(api, repo_id, "dataset", "README.md"),
        )
        (folder / FILE).write_text(to_json(manifest), encoding="utf-8")
        (folder / "README.md").write_text(card, encoding="utf-8")
        message = f"{sum(rows.values())} reviewed articles of {desk.name}"
        return publish_folder(api, repo_id, "dataset", folder, message, desk.publish.private)


@task(cache_policy=NO_CACHE)
def publish_model(
    desk: Desk, gold: Gold, kind: Kind, stored: StoredModel, data: Published
) -> Published:
    """Model files, learning curve, card and manifest in one commit."""
    api = hub_api()
    repo_id = desk.publish.topic_model if kind == "topics" else desk.publish.entity_model
    assert repo_id is not None, "the desk's own check asks for a repository for each model"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        # SetFit writes a README of its own; ours replaces it.
        shutil.copytree(stored.model, folder, ignore=shutil.ignore_patterns("README.md"))
        shutil.copy(stored.folder / "learning_curve.png", folder)
        manifest = unless_only_code_changed(
            model_manifest(desk, gold, kind, stored, data, file_hashes(folder)),
            read_text(api, repo_id, "model", FILE),
        )
        assert isinstance(manifest, ModelManifest)
        card = render_model_card(manifest, repo_id, read_text(api, repo_id, "model", "README.md"))
        (folder / FILE).write_text(to_json(manifest), encoding="utf-8")
        (folder / "README.md").write_text(card, encoding="utf-8")
        message = f"{kind} model of {desk.name}, data {data.revision[:8]}"
        return publish_folder(api, repo_id, "model", folder, message, desk.publish.private)


def show(desk: Desk, items: list[Published]) -> None:
    """Artifact: what was published, with links."""
    lines = [
        f"- [{item.repo_id}]({item.url}) ({item.repo_type}) {item.tag} `{item.revision[:8]}`"
        f" {'committed' if item.changed else 'unchanged'}"
        for item in items
    ]
    create_markdown_artifact(
        markdown="\n".join(lines), key=f"{desk.name}-published".replace("_", "-")
    )
