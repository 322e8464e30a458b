"""What goes into one repository: files in a folder, and the texts that depend on what is there."""

import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.desk import Desk
from corpus.permissions import withheld_ids
from corpus.review_state import Reviewed
from publishing.changes import (
    Labelled,
    dataset_changes,
    default_files,
    model_changes,
    read_labels,
)
from publishing.dataset import write_dataset
from publishing.describe_dataset import describe_dataset
from publishing.describe_model import Trained, describe_model
from publishing.hub import Published
from publishing.manifest import (
    CARD,
    FILE,
    DatasetManifest,
    ModelManifest,
    file_hashes,
    is_ours,
    listed_files,
    published_labels,
    published_several,
    read_manifest,
    same_content,
    to_json,
)
from publishing.pictures import draw_confusion, draw_reliability
from publishing.plan import Complete
from publishing.predictions import FOLDER, read_predictions, write_predictions
from publishing.provenance import provenance
from publishing.published_columns import refuse_changed_classes, refuse_other_columns
from publishing.remote import Previous, Target
from publishing.render import render_dataset_card, render_model_card

# Beside the learning curve, where what more labels bring was measured.
WORTH_PICTURE = "worth.png"
# Beside that of an SFT that GRPO went on from.
REWARDS_PICTURE = "rewards.png"

# Gives the labels in these files at this commit.
ReadLabels = Callable[[str, Sequence[str]], dict[str, Labelled]]


@dataclass(frozen=True, slots=True)
class Part:
    """One repository to be: ``folder`` holds all but card and manifest."""

    target: Target
    folder: Path
    complete: Complete
    message: str


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where a trained model and what belongs to it lie on disk."""

    model: Path
    learning_curve: Path
    evaluation: Path


def dataset_part(desk: Desk, review: Reviewed, folder: Path, labels_at: ReadLabels) -> Part:
    """Write the data files; card and manifest follow when the Hub is read."""
    configs = write_dataset(desk, review, folder)
    manifest = describe_dataset(desk, review, configs, file_hashes(folder), provenance(desk))
    new = read_labels(folder, default_files(manifest.files))
    repo_id = desk.publish.dataset

    def complete(previous: Previous) -> dict[str, str]:
        current = manifest
        before = previous.manifest
        if desk.labels.topics:
            refuse_other_columns(desk, published_several(before))
        # From any version of our manifest: another Copydesk's is no reason to renumber classes.
        refuse_changed_classes(
            desk, published_labels(before, "topics"), published_labels(before, "entities")
        )
        old = read_manifest(before)
        if isinstance(old, DatasetManifest) and same_content(manifest, old):
            card = render_dataset_card(old, repo_id, configs, previous.card)
            return {FILE: before or "", CARD: card}
        current = manifest
        if is_ours(before) and previous.tag and previous.head:
            names = default_files(listed_files(before) or ())
            changes = dataset_changes(previous.tag, labels_at(previous.head, names), new)
            current = manifest.model_copy(update={"changes": changes})
        card = render_dataset_card(current, repo_id, configs, previous.card)
        return {FILE: to_json(current), CARD: card}

    rows = sum(manifest.rows.values())
    target = Target(repo_id, "dataset", desk.publish.private)
    return Part(target, folder, complete, f"{rows} reviewed articles of {desk.name}")


def model_part(
    desk: Desk,
    review: Reviewed,
    trained: Trained,
    files: ModelFiles,
    data: Published,
    folder: Path,
) -> Part:
    """Copy model, pictures and predictions; card and manifest follow when the Hub is read."""
    _copy_model(files, folder)
    if trained.kind == "instructions":
        leave_out(folder / FOLDER, withheld_ids(desk, (r.article for r in review.gold.reviewed)))
    described = describe_model(desk, review, trained, data, {}, provenance(desk))
    _draw(described, folder)
    manifest = described.model_copy(update={"files": file_hashes(folder)})
    named = {
        "topics": desk.publish.topic_model,
        "entities": desk.publish.entity_model,
        "instructions": desk.publish.instruction_model,
    }
    repo_id = named[trained.kind] or ""

    def complete(previous: Previous) -> dict[str, str]:
        old = read_manifest(previous.manifest)
        if isinstance(old, ModelManifest) and same_content(manifest, old):
            card = render_model_card(old, repo_id, previous.card)
            return {FILE: previous.manifest or "", CARD: card}
        current = manifest
        if isinstance(old, ModelManifest) and previous.tag:
            changes = model_changes(previous.tag, old, manifest)
            current = manifest.model_copy(update={"changes": changes})
        return {FILE: to_json(current), CARD: render_model_card(current, repo_id, previous.card)}

    target = Target(repo_id, "model", desk.publish.private)
    return Part(
        target, folder, complete, f"{trained.kind} model of {desk.name}, data {data.revision[:8]}"
    )


def _draw(manifest: ModelManifest, folder: Path) -> None:
    spans = manifest.kind == "entities"
    if manifest.scores.get("confusion"):
        labels = list(manifest.labels)
        draw_confusion(labels, manifest.scores["confusion"], folder / "confusion.png", spans)
    if manifest.calibration:
        unit = "spans" if spans else "articles"
        draw_reliability(manifest.calibration, unit, folder / "reliability.png")


def leave_out(evaluation: Path, withheld: Collection[str]) -> None:
    """Answers quote the article, so those of articles that may not be passed on stay here."""
    for file in evaluation.glob("*.jsonl"):
        rows = [row for row in read_predictions(file) if row["id"] not in withheld]
        write_predictions(rows, file)


def _copy_model(files: ModelFiles, folder: Path) -> None:
    # SetFit and PEFT write a README of their own; ours replaces it.
    shutil.copytree(files.model, folder, ignore=shutil.ignore_patterns("README.md"))
    shutil.copy(files.learning_curve, folder)
    for name in (WORTH_PICTURE, REWARDS_PICTURE):
        picture = files.learning_curve.with_name(name)
        if picture.exists():
            shutil.copy(picture, folder)
    for file in sorted(files.evaluation.glob("*.jsonl")):
        if file.stat().st_size:
            (folder / FOLDER).mkdir(exist_ok=True)
            shutil.copy(file, folder / FOLDER)
