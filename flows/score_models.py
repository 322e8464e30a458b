"""score_models: trained models × frozen test split (and the source's benchmark) → scores."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from corpus.articles import Article
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.review_state import read_gold
from corpus.sources.read import read_articles
from flows.desk_run import DeskRun
from flows.frozen_test import Pairs, gold_of_test, pairs_digest, predicted_rows
from flows.model_store import Kind, StoredModel, desk_kinds, desk_labels, require_model
from flows.row_scores import score_rows
from publishing.predictions import write_predictions

log = logging.getLogger("flows.score_models")


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
    scores = [score_model(desk, gold, kind, benchmark) for kind in desk_kinds(desk)]
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
def score_model(desk: Desk, gold: Gold, kind: Kind, benchmark: Sequence[Article]) -> ModelScores:
    """Score what was not scored yet, and keep scores and predictions beside the model."""
    stored = require_model(desk, gold, kind)
    test = gold_of_test(gold, kind)
    found = stored.read("scores.json")
    for name, pairs in (("test", test), ("benchmark", source_gold(benchmark, kind))):
        digest, file = pairs_digest(pairs), stored.predictions(name)
        if found.get(f"{name}_digest") != digest or (pairs and not file.exists()):
            rows: list[dict[str, Any]] = []
            if pairs:
                log.info("scoring %s on %d articles (%s)", kind, len(pairs), name)
                rows = predicted_rows(kind, stored.model, pairs)
            # Before the digest that says that they are there.
            write_predictions(rows, file)
            scores = score_rows(rows, kind, desk_labels(desk, kind), desk.models.seed)
            found |= {f"{name}_digest": digest, name: scores}
            stored.write("scores.json", found)
    if not test:
        log.warning(
            "the %s model is not scored on review: no article of the test split is resolved; "
            "answer blind records in Argilla, or raise review.blind_share for new ones",
            kind,
        )
    return ModelScores(kind, stored.key, found["test"], found["benchmark"])


def source_gold(benchmark: Sequence[Article], kind: Kind) -> Pairs:
    """The source's own labels of these articles, where it has any."""
    if kind == "topics":
        return [(article, article.topic) for article in benchmark if article.topic]
    return [(article, article.spans) for article in benchmark if article.spans is not None]


def require_scores(desk: Desk, gold: Gold, kind: Kind, stored: StoredModel) -> None:
    """DeskError where the model was not scored on the test split as it is now."""
    test = gold_of_test(gold, kind)
    scored = stored.read("scores.json").get("test_digest") == pairs_digest(test)
    if not scored or (test and not stored.predictions("test").exists()):
        raise DeskError(
            f"The {kind} model of desk {desk.name!r} is not scored on the test split as it is now.",
            "Run copydesk score, then copydesk publish.",
        )


def show(desk: Desk, scores: Sequence[ModelScores]) -> None:
    """Artifact: every score with its 95 % interval."""
    rows = table_rows(scores)
    if rows:
        create_table_artifact(table=rows, key=f"{desk.name}-scores".replace("_", "-"))


def table_rows(scores: Sequence[ModelScores]) -> list[dict[str, str]]:
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
        for row in table_rows(scores)
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
