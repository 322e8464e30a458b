"""worth: what the next 100 labels would bring each model, and where they would bring most."""

import base64
import logging
from dataclasses import dataclass
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_image_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from corpus.desk import Desk
from corpus.gold import Gold
from corpus.review_state import read_gold
from flows.desk_run import DeskRun
from flows.model_insight import gold_digest
from flows.model_store import Kind, StoredModel, desk_kinds, require_model
from publishing.predictions import write_predictions
from training.examples import entity_examples, topic_examples
from training.results import Stopwatch
from training.worth import entities, topics
from training.worth.forecast import error_curves
from training.worth.measure import entity_curve, topic_curve, training_size
from training.worth.measured import Measured, to_rows
from training.worth.picture import draw_worth
from training.worth.report import statement
from training.worth.report import worth as report_worth

log = logging.getLogger("flows.worth")
METHODS: dict[Kind, str] = {"topics": topics.METHOD, "entities": entities.METHOD}
SCORES: dict[Kind, str] = {"topics": "accuracy", "entities": "exact-span F1"}
OF_SETS = "topic F1"


@dataclass(frozen=True, slots=True)
class ModelWorth:
    """Of one model: the figures of training.worth.report, and their sentence."""

    kind: Kind
    statement: str
    worth: dict[str, Any]


@flow(name="worth")
def worth(config: DeskRun) -> list[ModelWorth]:
    """Measure each model's curve over amounts of gold; the same gold is not measured twice."""
    desk = config.read()
    gold = read_gold(desk)
    return [measure(desk, gold, kind) for kind in desk_kinds(desk)]


@task(cache_policy=NO_CACHE)
def measure(desk: Desk, gold: Gold, kind: Kind) -> ModelWorth:
    """Curve, law and advice; kept beside the model, where publishing finds them."""
    stored = require_model(desk, gold, kind)
    digest = gold_digest(gold)
    found = stored.read("worth.json")
    if found.get("digest") != digest:
        watch = Stopwatch()
        examples, measured = _measured(desk, gold, kind)
        result = report_worth(measured, METHODS[kind], desk.models.seed, examples)
        _draw(desk, kind, stored, measured)
        write_predictions(to_rows(measured), stored.predictions("worth"))
        sentence = statement(result, _score(desk, kind))
        found = {"digest": digest, "statement": sentence, "worth": result.to_dict()}
        stored.write("worth.json", found)
        log.info("%s: %s (%.1f CPU s)", kind, sentence, watch.cpu_seconds())
    _show(desk, kind, stored, found)
    return ModelWorth(kind, found["statement"], found["worth"])


def _measured(desk: Desk, gold: Gold, kind: Kind) -> tuple[int, Measured]:
    encoder, seed = desk.models.encoder, desk.models.seed
    if kind == "topics":
        of_topics = topic_examples(gold.reviewed)
        length = desk.models.topics.max_length_tokens
        return training_size(of_topics), topic_curve(
            of_topics, list(desk.labels.topics), encoder, length, seed
        )
    of_entities = entity_examples(gold.reviewed)
    length = desk.models.entities.max_length_tokens
    return training_size(of_entities), entity_curve(
        of_entities, list(desk.labels.entities), encoder, length, seed
    )


def _score(desk: Desk, kind: Kind) -> str:
    """What the curve is of."""
    return OF_SETS if kind == "topics" and desk.labels.several_topics else SCORES[kind]


def _draw(desk: Desk, kind: Kind, stored: StoredModel, measured: Measured) -> None:
    curves = error_curves(measured, desk.models.seed)
    title = f"{kind} of {desk.name}: {METHODS[kind]}"
    draw_worth(curves, title, _score(desk, kind), stored.folder / "worth.png")


def _show(desk: Desk, kind: Kind, stored: StoredModel, found: dict[str, Any]) -> None:
    """Artifacts: the picture with its sentence, and a row for each label."""
    picture = base64.b64encode((stored.folder / "worth.png").read_bytes()).decode()
    key = f"{desk.name}-{kind}-worth".replace("_", "-")
    create_image_artifact(
        image_url=f"data:image/png;base64,{picture}",
        description=f"{found['statement']} Measured with {found['worth']['method']}.",
        key=key,
    )
    create_table_artifact(table=label_rows(found["worth"]), key=f"{key}-labels")


def label_rows(found: dict[str, Any]) -> list[dict[str, str]]:
    """One row a label, the most promising first."""
    return [
        {
            "label": label,
            "examples": str(row["support"]),
            "F1": _interval(row["score"]),
            f"F1 by {found['more_of_a_label']} more": _interval(row["gain"]),
            "advice": row["advice"],
            "because": row["reason"],
        }
        for label, row in found["labels"].items()
    ]


def _interval(value: dict[str, float] | None) -> str:
    if value is None:
        return "–"
    return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
