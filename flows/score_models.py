"""score_models: trained models × frozen test split (and the source's benchmark) → scores."""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from corpus.articles import Article, model_input
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.review_state import read_gold
from corpus.sources.read import read_articles
from flows.desk_run import DeskRun
from flows.model_store import Kind, StoredModel, require_model
from publishing.predictions import entity_row, topic_row, write_predictions
from training.classification.predict import load_topic_model, predict_topics
from training.entities.predict import load_entity_model, predict_entities
from training.evaluation import score_entities, score_topics

log = logging.getLogger("flows.score_models")

# Articles, each with its gold topic or spans.
Pairs = list[tuple[Article, Any]]


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores as training.evaluation gives them, and what the model said of each article."""

    scores: dict[str, Any]
    predictions: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ModelScores:
    """Scores of one model: on the reviewed test split, and on the source's own test labels.

    Each is the dictionary of training.evaluation, or empty where there was nothing to score on.
    """

    kind: str
    key: str
    test: dict[str, Any]
    benchmark: dict[str, Any]


@flow(name="score_models")
def score_models(config: DeskRun) -> list[ModelScores]:
    """Score each model of the desk with bootstrap intervals."""
    desk = config.read()
    gold = read_gold(desk)
    benchmark = read_benchmark(desk, gold)
    scores = []
    if desk.labels.topics:
        scores.append(score_topic_model(desk, gold, benchmark))
    if desk.labels.entities:
        scores.append(score_entity_model(desk, gold, benchmark))
    show(desk, scores)
    return scores


@task(cache_policy=NO_CACHE)
def read_benchmark(desk: Desk, gold: Gold) -> list[Article]:
    """The source's own test articles; never one that was reviewed."""
    if desk.source.benchmark_split is None:
        return []
    reviewed = {r.article.id for r in gold.reviewed}
    found = read_articles(desk.source, desk.labels).articles
    return [
        a for a in found if a.source_split == desk.source.benchmark_split and a.id not in reviewed
    ]


@task(cache_policy=NO_CACHE)
def score_topic_model(desk: Desk, gold: Gold, benchmark: Sequence[Article]) -> ModelScores:
    """Accuracy and macro-F1 of the topic model."""
    stored = require_model(desk, gold, "topics")
    other: Pairs = [(article, article.topic) for article in benchmark if article.topic]

    def score(pairs: Pairs) -> Scored:
        model = load_topic_model(str(stored.model))
        found = predict_topics(model, [model_input(article) for article, _ in pairs])
        scores = score_topics(
            [topic for _, topic in pairs],
            [prediction.topic for prediction in found],
            list(desk.labels.topics),
            desk.models.seed,
        )
        rows = [
            topic_row(article, topic, p.topic, p.score)
            for (article, topic), p in zip(pairs, found, strict=True)
        ]
        return Scored(scores.to_dict(), rows)

    return _score_once(stored, "topics", gold_of_test(gold, "topics"), other, score)


@task(cache_policy=NO_CACHE)
def score_entity_model(desk: Desk, gold: Gold, benchmark: Sequence[Article]) -> ModelScores:
    """Exact-span precision, recall and F1 of the entity model."""
    stored = require_model(desk, gold, "entities")
    other: Pairs = [(article, article.spans) for article in benchmark if article.spans is not None]

    def score(pairs: Pairs) -> Scored:
        model = load_entity_model(str(stored.model))
        found = predict_entities(model, [article.text for article, _ in pairs])
        scores = score_entities(
            [spans for _, spans in pairs],
            [tuple(span.span() for span in spans) for spans in found],
            list(desk.labels.entities),
            desk.models.seed,
        )
        rows = [
            entity_row(article, spans, said)
            for (article, spans), said in zip(pairs, found, strict=True)
        ]
        return Scored(scores.to_dict(), rows)

    return _score_once(stored, "entities", gold_of_test(gold, "entities"), other, score)


def gold_of_test(gold: Gold, kind: Kind) -> Pairs:
    """The articles of the test split with what this kind of model should find in them."""
    test = [r for r in gold.reviewed if r.split == "test"]
    if kind == "topics":
        return [(r.article, r.topic) for r in test if r.topic]
    return [(r.article, r.spans) for r in test if r.spans is not None]


def require_scores(desk: Desk, gold: Gold, kind: Kind, stored: StoredModel) -> None:
    """DeskError where the model was not scored on the test split as it is now."""
    test = gold_of_test(gold, kind)
    scored = stored.read("scores.json").get("test_digest") == _digest(test)
    if not scored or (test and not stored.predictions("test").exists()):
        raise DeskError(
            f"The {kind} model of desk {desk.name!r} is not scored on the test split as it is now.",
            "Run copydesk score, then copydesk publish.",
        )


def _score_once(
    stored: StoredModel,
    kind: Kind,
    test: Pairs,
    other: Pairs,
    score: Callable[[Pairs], Scored],
) -> ModelScores:
    """Score what was not scored yet, and keep scores and predictions beside the model."""
    found = stored.read("scores.json")
    for name, pairs in (("test", test), ("benchmark", other)):
        digest, file = _digest(pairs), stored.predictions(name)
        if found.get(f"{name}_digest") != digest or (pairs and not file.exists()):
            scored = Scored({}, [])
            if pairs:
                log.info("scoring %s on %d articles (%s)", kind, len(pairs), name)
                scored = score(pairs)
            # Before the digest that says that they are there.
            write_predictions(scored.predictions, file)
            found |= {f"{name}_digest": digest, name: scored.scores}
            stored.write("scores.json", found)
    if not test:
        log.warning(
            "the %s model is not scored on review: no article of the test split is resolved; "
            "answer blind records in Argilla, or raise review.blind_share for new ones",
            kind,
        )
    return ModelScores(kind, stored.key, found["test"], found["benchmark"])


def show(desk: Desk, scores: Sequence[ModelScores]) -> None:
    """Artifact: every score with its 95 % interval."""
    rows = score_rows(scores)
    if rows:
        create_table_artifact(table=rows, key=f"{desk.name}-scores".replace("_", "-"))


def score_rows(scores: Sequence[ModelScores]) -> list[dict[str, str]]:
    """One row a score, then one for the F1 of each label; ``on`` says which articles."""
    return [
        {"model": s.kind, "on": f"{on} ({part['n']} articles)", **row}
        for s in scores
        for on, part in (("reviewed test", s.test), ("benchmark", s.benchmark))
        if part
        for row in _part_rows(part)
    ]


def score_lines(scores: Sequence[ModelScores]) -> list[str]:
    """One line for each score, for the terminal."""
    return [
        f"{row['model']} on {row['on']}: {row['score']} "
        f"{row['value']} [{row['low']}, {row['high']}]"
        for row in score_rows(scores)
    ]


def _part_rows(part: dict[str, Any]) -> list[dict[str, str]]:
    named = [(name.replace("_", "-"), value) for name, value in part.items() if _is_interval(value)]
    labels = [
        (f"f1 of {label} ({value['support']})", value["f1"])
        for label, value in part["labels"].items()
    ]
    return [{"score": name, **_interval(value)} for name, value in (*named, *labels)]


def _is_interval(value: Any) -> bool:
    return isinstance(value, dict) and "low" in value


def _interval(value: dict[str, float]) -> dict[str, str]:
    return {name: f"{value[name]:.3f}" for name in ("value", "low", "high")}


def _digest(pairs: Pairs) -> str:
    parts = [(article.id, repr(gold)) for article, gold in pairs]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
