"""The manifest of a model: its training, its scores, its mistakes."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from corpus.articles import Article, ReviewedArticle, gold_topics
from corpus.desk import Desk
from corpus.instruct.answers import ENTITY, SCHEMA_VERSION, TOPIC, Questions
from corpus.instruct.pairs import kind_of
from corpus.instruct.phrasings import PHRASINGS, system_prompt
from corpus.permissions import withheld_ids
from corpus.review_state import Reviewed
from corpus.sources.rows import source_name
from publishing.dataset import resolved_rows
from publishing.describe_answers import describe_answers
from publishing.hub import Published
from publishing.insight_parts import insight_of
from publishing.manifest import ModelManifest
from publishing.manifest_parts import (
    Calibration,
    Comparison,
    Gate,
    Lineage,
    Prompt,
    Provenance,
    Training,
    WrongAnswer,
)
from publishing.predictions import Row, generations, is_wrong, wrong_answers
from publishing.provenance import license_of

Kind = Literal["topics", "entities", "instructions"]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained and scored model as the model store knows it.

    ``training`` and ``scores`` are what training and scoring wrote down; ``predictions`` are those
    of the test split, ``gate`` is what it decided, and ``insight`` what was found out besides.
    """

    kind: Kind
    key: str
    base_model: str
    base_license: str | None
    training: Mapping[str, Any]
    scores: Mapping[str, Any]
    predictions: Sequence[Row]
    gate: Gate | None = None
    insight: Mapping[str, Any] = field(default_factory=dict)


def describe_model(
    desk: Desk,
    review: Reviewed,
    trained: Trained,
    data: Published,
    files: dict[str, str],
    made_by: Provenance,
) -> ModelManifest:
    """What the card of a model may say."""
    scores = dict(trained.scores.get("test", {}))
    calibration, plain = scores.pop("calibration", None), scores.pop("plain", None)
    return ModelManifest(
        kind=trained.kind,
        library=_library(trained),
        pretty_name=desk.publish.pretty_name,
        license=license_of(desk),
        language=desk.publish.language,
        provenance=made_by,
        lineage=_lineage(desk, review, trained, data),
        labels=_labels(desk, trained.kind),
        several_topics=trained.kind == "topics" and desk.labels.several_topics,
        answers=describe_answers(review.answers, review.simulated),
        training=_training(trained),
        plain_f1=plain,
        benchmark=dict(trained.scores.get("benchmark", {})),
        benchmark_name=_benchmark_name(desk),
        blind_test=all(r.blind for r in review.gold.reviewed if r.split == "test"),
        **_of_kind(desk, review, trained, scores),
        wrong=sum(map(is_wrong, trained.predictions)) if trained.predictions else None,
        calibration=calibration
        and Calibration(method=_method(trained.training["settings"]), **calibration),
        gate=trained.gate,
        files=files,
        **insight_of(trained.insight),
    )


def _lineage(desk: Desk, review: Reviewed, trained: Trained, data: Published) -> Lineage:
    published = resolved_rows(
        review.gold.reviewed, list(desk.labels.topics), list(desk.labels.entities)
    )
    return Lineage(
        base_model=trained.base_model,
        base_license=trained.base_license,
        dataset=data.repo_id,
        dataset_revision=data.revision,
        dataset_tag=data.tag,
        dataset_digest=gold_digest(published),
        test_digest=gold_digest([r for r in published if r.split == "test"]),
        guidelines=list(review.gold.guidelines),
    )


def _of_kind(
    desk: Desk, review: Reviewed, trained: Trained, scores: dict[str, Any]
) -> dict[str, Any]:
    """Scores and examples: of classifiers their errors, of instruction models what they write."""
    if trained.kind != "instructions":
        return {"scores": scores, "errors": _errors(desk, review, trained)}
    others = {name: scores.pop(name, {}) for name in Comparison.model_fields}
    articles = _test_articles(desk, review)
    withheld = withheld_ids(desk, (r.article for r in review.gold.reviewed))
    return {
        "scores": scores,
        "comparison": Comparison(**others),
        "generations": generations(trained.predictions, articles, withheld),
        "answers_withheld": sum(row["id"] in withheld for row in trained.predictions),
        "prompt": _prompt(desk, trained),
    }


def _prompt(desk: Desk, trained: Trained) -> Prompt:
    questions = Questions(tuple(desk.labels.topics), tuple(desk.labels.entities))
    template = trained.training["settings"]["chat_template"]
    return Prompt(
        system=system_prompt(questions),
        instructions=list(PHRASINGS[kind_of(questions)]),
        schema_version=SCHEMA_VERSION,
        template=template,
    )


def _labels(desk: Desk, kind: Kind) -> dict[str, str]:
    if kind == "instructions":
        topics = {TOPIC + name: said for name, said in desk.labels.topics.items()}
        return topics | {ENTITY + name: said for name, said in desk.labels.entities.items()}
    return dict(desk.labels.topics if kind == "topics" else desk.labels.entities)


def gold_digest(rows: Iterable[ReviewedArticle]) -> str:
    """A short hash of ids, splits and gold labels, whatever their order."""
    parts = sorted([r.article.id, r.split, gold_topics(r), repr(r.spans)] for r in rows)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _library(trained: Trained) -> Literal["setfit", "transformers", "peft"]:
    """Who loads it: a fine-tuned topic model is no SetFit model."""
    if trained.kind == "instructions":
        return "peft"
    setfit = trained.kind == "topics" and trained.training["settings"].get("rung") != "fine_tune"
    return "setfit" if setfit else "transformers"


def _benchmark_name(desk: Desk) -> str:
    split = desk.source.benchmark_split
    return "" if split is None else f"{source_name(desk.source)}, split {split}"


def _method(settings: Mapping[str, Any]) -> str:
    """How probabilities came about, after "Probabilities are"."""
    if settings.get("temperature", 1) == 1:
        return "not scaled"
    fitted_on = settings.get("temperature_fitted_on")
    return "scaled by a temperature" + (f", fitted on {fitted_on}" if fitted_on else "")


def _training(trained: Trained) -> Training:
    facts = trained.training
    return Training(
        key=trained.key,
        seed=facts["seed"],
        settings=facts["settings"],
        examples=facts["examples"],
        diagnosis=facts["diagnosis"],
        # Models that an earlier Copydesk trained do not say what they cost.
        wall_seconds=facts.get("seconds"),
        cpu_seconds=facts.get("cpu_seconds"),
        stages=facts.get("stages", {}),
        environment=facts.get("environment", {}),
    )


def _errors(desk: Desk, review: Reviewed, trained: Trained) -> list[WrongAnswer]:
    articles = _test_articles(desk, review)
    withheld = withheld_ids(desk, (r.article for r in review.gold.reviewed))
    return wrong_answers(trained.predictions, articles, withheld)


def _test_articles(desk: Desk, review: Reviewed) -> list[Article]:
    """The published test split."""
    rows = resolved_rows(review.gold.reviewed, list(desk.labels.topics), list(desk.labels.entities))
    return [r.article for r in rows if r.split == "test"]
