"""The manifests of what is published: figures collected from gold, training and scores."""

import importlib.metadata
import subprocess
from collections import Counter
from pathlib import Path

from corpus.desk import Desk
from corpus.gold import Gold
from corpus.splits import BLIND_POLICY, POLICY, leaks
from flows.model_store import Kind, StoredModel
from publishing.dataset import resolved_rows
from publishing.hub import Published
from publishing.manifest import DatasetManifest, ModelManifest, Provenance
from training.encoder import base_model_name

VERSIONS = ("datasets", "huggingface_hub", "setfit", "torch", "transformers")


def dataset_manifest(
    desk: Desk, gold: Gold, rows: dict[str, int], files: dict[str, str]
) -> DatasetManifest:
    """What the data set card may say."""
    topics, entities = list(desk.labels.topics), list(desk.labels.entities)
    published = resolved_rows(gold.reviewed, topics, entities)
    topic_rows = Counter(r.topic for r in published)
    spans = Counter(span.label for r in published for span in r.spans or ())
    splits = {r.article.id: r.split for r in gold.reviewed}
    return DatasetManifest(
        pretty_name=desk.publish.pretty_name,
        license=desk.publish.license,
        language=desk.publish.language,
        source=Path(desk.source.path).name,
        provenance=provenance(desk, gold),
        topics=topics,
        entities=entities,
        rows=rows,
        topic_rows={topic: topic_rows[topic] for topic in topics},
        entity_spans={label: spans[label] for label in entities},
        reviewed=len(gold.reviewed),
        unresolved=gold.unresolved,
        quarantined=len(gold.quarantined),
        annotators=gold.annotators,
        min_submitted=desk.review.min_submitted,
        answered_until=gold.answered_until,
        rules=gold.rules,
        agreement=_agreement(gold),
        acceptance=_acceptance(gold),
        agents=list(gold.agents),
        blind_percent=round(100 * desk.review.blind_share, 1),
        blind_rows=sum(r.blind for r in published),
        split_policy=f"{POLICY} {BLIND_POLICY}" if desk.review.blind_share else POLICY,
        leaks=len(leaks([r.article for r in gold.reviewed], splits)),
        files=files,
    )


def model_manifest(
    desk: Desk,
    gold: Gold,
    kind: Kind,
    stored: StoredModel,
    data: Published,
    files: dict[str, str],
) -> ModelManifest:
    """What the card of a model may say."""
    scores = stored.read("scores.json")
    return ModelManifest(
        kind=kind,
        pretty_name=desk.publish.pretty_name,
        license=desk.publish.license,
        language=desk.publish.language,
        provenance=provenance(desk, gold),
        base_model=base_model_name(desk.models.encoder),
        dataset=data.repo_id,
        dataset_revision=data.revision,
        training_key=stored.key,
        labels=list(desk.labels.topics if kind == "topics" else desk.labels.entities),
        settings=stored.training["settings"],
        seed=stored.training["seed"],
        examples=stored.training["examples"],
        diagnosis=stored.training["diagnosis"],
        scores=scores.get("test", {}),
        benchmark=scores.get("benchmark", {}),
        benchmark_name=f"{Path(desk.source.path).name}, split {desk.source.benchmark_split}",
        blind_test=all(r.blind for r in gold.reviewed if r.split == "test"),
        files=files,
        versions={name: importlib.metadata.version(name) for name in VERSIONS},
    )


def provenance(desk: Desk, gold: Gold) -> Provenance:
    """Which code, which desk, whose answers."""
    return Provenance(
        copydesk_version=importlib.metadata.version("copydesk"),
        code_revision=code_revision(),
        desk=desk.name,
        desk_digest=desk.digest(),
        guidelines_revisions=list(gold.guidelines),
        answers=gold.answers,
        simulated_answers=gold.simulated,
    )


def code_revision() -> str:
    """The commit of this code, or "unknown" outside its own git checkout or without git."""
    project = Path(__file__).resolve().parents[1]
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--show-toplevel", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
            cwd=project,
        )
    except OSError:
        return "unknown"
    found = asked.stdout.split("\n")
    # Installed inside somebody else's checkout, their commit says nothing about this code.
    return found[1] if asked.returncode == 0 and Path(found[0]) == project else "unknown"


def _agreement(gold: Gold) -> dict[str, float]:
    found = {
        "Pairs of answers with the same topic": gold.agreement.topic_percent,
        "Krippendorff alpha of topics": gold.agreement.topic_alpha,
        "Exact-span F1 between annotators": gold.agreement.span_f1,
    }
    return {name: round(value, 4) for name, value in found.items() if value is not None}


def _acceptance(gold: Gold) -> dict[str, int]:
    found = gold.acceptance
    counts = {}
    if found.topics_shown:
        counts["Topic suggestions shown with an answer"] = found.topics_shown
        counts["Topic suggestions kept by the answer"] = found.topics_accepted
    if found.spans_shown:
        counts["Suggested spans shown with an answer"] = found.spans_shown
        counts["Suggested spans kept by the answer"] = found.spans_accepted
    return counts
