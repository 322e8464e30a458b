"""probe_models: trained models × swapped names and careless writing → effects with intervals."""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from corpus.articles import Span
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.review_state import read_gold
from flows.desk_run import DeskRun
from flows.model_insight import gold_digest
from flows.model_store import Kind, StoredModel, desk_kinds, require_model
from publishing.predictions import read_predictions, write_predictions
from training.classification.predict import load_topic_model, predict_topics
from training.entities.predict import load_entity_model, predict_entities
from training.examples import EntityExample, TopicExample, entity_examples, topic_examples
from training.probes.fill_mask import skipped, works_as_rows
from training.probes.probe import entity_bias_rows, figures, topic_bias_rows
from training.probes.robustness import MOST_ARTICLES, entity_rows, topic_rows
from training.results import Stopwatch

log = logging.getLogger("flows.probe_models")
# The probe data is English.
LANGUAGE = "en"
Example = TypeVar("Example", TopicExample, EntityExample)
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ProbedModel:
    """Figures of training.probes as a dictionary, and what was left out, with the reason."""

    kind: Kind
    figures: dict[str, Any]
    left_out: list[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model said, row by row, and what it was not asked, with the reason."""

    rows: Rows
    left_out: list[str]


@flow(name="probe_models")
def probe_models(config: DeskRun) -> list[ProbedModel]:
    """Probe each model of the desk; the same model on the same gold is not probed twice."""
    desk = config.read()
    gold = read_gold(desk)
    return [probe(desk, gold, kind) for kind in desk_kinds(desk)]


@task(cache_policy=NO_CACHE)
def probe(desk: Desk, gold: Gold, kind: Kind) -> ProbedModel:
    """Ask, keep what was said beside the model, and compute every figure from that."""
    stored = require_model(desk, gold, kind)
    digest, file = gold_digest(gold), stored.predictions("probes")
    found = stored.read("probes.json")
    if found.get("digest") != digest or not file.exists():
        watch = Stopwatch()
        asked = _ask(desk, gold, kind, stored)
        write_predictions(asked.rows, file)
        said = figures(read_predictions(file), desk.models.seed).to_dict()
        found = {"digest": digest, "figures": said, "left_out": asked.left_out}
        stored.write("probes.json", found)
        cpu = watch.cpu_seconds()
        log.info("%s model probed with %d texts, %.1f CPU s", kind, len(asked.rows), cpu)
    probed = ProbedModel(kind, found["figures"], found["left_out"])
    _show(desk, probed)
    return probed


def _ask(desk: Desk, gold: Gold, kind: Kind, stored: StoredModel) -> Asked:
    """Everything that can be asked of this model; the base model's words go with the topics."""
    left_out, rows = [], []
    english = desk.publish.language.lower().split("-")[0] == LANGUAGE
    if not english:
        left_out.append(f"swapped names: they are English, the desk is {desk.publish.language!r}")
    rows += (_ask_topics if kind == "topics" else _ask_entities)(desk, gold, stored, english)
    reason = skipped(desk.models.encoder) if english else "it is English, too"
    if reason:
        left_out.append(f"works-as probe of the base model: {reason}")
    else:
        rows += works_as_rows(desk.models.encoder)
    if not any(row["probe"] == "robustness" for row in rows):
        left_out.append("careless writing: the test split has no resolved article")
    return Asked(rows, left_out)


def _ask_topics(desk: Desk, gold: Gold, stored: StoredModel, english: bool) -> Rows:
    model = load_topic_model(str(stored.model))

    def probabilities(texts: Sequence[str]) -> list[dict[str, float]]:
        return [found.probabilities for found in predict_topics(model, texts)]

    def topics(texts: Sequence[str]) -> list[list[str]]:
        return [list(found.topics) for found in predict_topics(model, texts)]

    bias = topic_bias_rows(probabilities) if english else []
    return bias + topic_rows(_some_of_test(topic_examples(gold.reviewed), desk), topics)


def _ask_entities(desk: Desk, gold: Gold, stored: StoredModel, english: bool) -> Rows:
    model = load_entity_model(str(stored.model))

    def spans(texts: Sequence[str]) -> list[list[Span]]:
        return [[span.span() for span in found] for found in predict_entities(model, texts)]

    bias = entity_bias_rows(spans, list(desk.labels.entities)) if english else []
    return bias + entity_rows(_some_of_test(entity_examples(gold.reviewed), desk), spans)


def _some_of_test(examples: Sequence[Example], desk: Desk) -> list[Example]:
    """A choice that depends on ids and seed, not on order."""
    test = sorted((e for e in examples if e.split == "test"), key=lambda e: e.id)
    return random.Random(desk.models.seed).sample(test, min(len(test), MOST_ARTICLES))


def _show(desk: Desk, probed: ProbedModel) -> None:
    """Artifact: every effect with its interval."""
    rows = probe_rows(probed)
    if rows:
        key = f"{desk.name}-{probed.kind}-probes".replace("_", "-")
        create_table_artifact(table=rows, key=key)


def probe_rows(probed: ProbedModel) -> list[dict[str, str]]:
    """One row an effect: of swapped names, then of careless writing."""
    careless = probed.figures["robustness"] or {"changes": {}}
    effects = {
        **probed.figures["bias"],
        **{f"score, {name}": effect for name, effect in careless["changes"].items()},
    }
    return [
        {"model": probed.kind, "probe": name}
        | {part: f"{effect[part]:.3f}" for part in ("value", "low", "high")}
        for name, effect in effects.items()
    ]


def probe_lines(models: Sequence[ProbedModel]) -> list[str]:
    """One line for each effect, for the terminal; then what was not probed."""
    effects = [
        f"{row['model']}: {row['probe']}: {row['value']} [{row['low']}, {row['high']}]"
        for model in models
        for row in probe_rows(model)
    ]
    return effects + [f"{m.kind}: not probed: {reason}" for m in models for reason in m.left_out]
