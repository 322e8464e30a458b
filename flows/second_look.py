"""second_look: trained models × the articles they learned from → answers worth a second look."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import argilla as rg
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from argilla_settings.connection import connect
from argilla_settings.data_sets import require_dataset
from argilla_settings.news import NEWS
from argilla_settings.second_look import doubts_url, mark_doubts
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.review_state import read_gold
from flows.desk_run import DeskRun
from flows.frozen_test import Pairs, pairs_digest, predicted_rows
from flows.mistakes import SecondLook, doubt_of, list_mistakes, show
from flows.model_store import Kind, StoredModel, desk_kinds, require_model
from flows.row_scores import Row
from publishing.predictions import read_predictions, write_predictions

log = logging.getLogger("flows.second_look")

LEARNED = "learned.json"
# A weak model doubts most answers; people look at a page of them, then the next model is asked.
MARKED = 50


@flow(name="second_look")
def second_look(config: DeskRun) -> SecondLook:
    """Mark in Argilla what the models doubt of the answers that they learned from."""
    desk = config.read()
    gold = read_gold(desk)
    client = connect()
    dataset = require_dataset(client, desk, NEWS)
    rows = {kind: ask(desk, gold, kind) for kind in desk_kinds(desk)}
    doubts = doubts_of(rows)
    changed = mark(client, dataset, doubts)
    found = SecondLook(
        doubted=len(doubts),
        changed=changed,
        url=doubts_url(client, dataset),
        mistakes=tuple(list_mistakes(gold, rows, client, dataset)),
    )
    show(desk, found)
    return found


@task(cache_policy=NO_CACHE)
def ask(desk: Desk, gold: Gold, kind: Kind) -> list[Row]:
    """What the model says of every resolved article, each with its split; asked once."""
    stored = require_model(desk, gold, kind)
    splits = {r.article.id: r.split for r in gold.reviewed}
    test = stored.predictions("test")
    if not test.exists():
        raise DeskError(
            f"The {kind} model of desk {desk.name!r} is not scored.", "Run copydesk score first."
        )
    rows = [*_learned(stored, kind, gold), *read_predictions(test)]
    return [row | {"split": splits[row["id"]]} for row in rows if row["id"] in splits]


@task(cache_policy=NO_CACHE)
def mark(client: rg.Argilla, dataset: rg.Dataset, doubts: Mapping[str, float]) -> int:
    """Doubts to Argilla; those of an earlier model go."""
    return mark_doubts(client, dataset, doubts)


def doubts_of(rows: Mapping[Kind, Sequence[Row]]) -> dict[str, float]:
    """Article id → the largest doubt of any model, of the MARKED most doubtful articles; never of
    the test split.
    """
    found: dict[str, float] = {}
    for kind, of_kind in rows.items():
        for row in of_kind:
            doubt = doubt_of(row, kind)
            if doubt and row["split"] != "test":
                found[row["id"]] = max(doubt, found.get(row["id"], 0.0))
    ordered = sorted(found, key=lambda article_id: (-found[article_id], article_id))
    return {article_id: found[article_id] for article_id in ordered[:MARKED]}


def _learned(stored: StoredModel, kind: Kind, gold: Gold) -> list[dict[str, Any]]:
    """Predictions on train and validation, kept beside the model."""
    pairs = _learned_pairs(gold, kind)
    file, digest = stored.folder / "learned.jsonl", pairs_digest(pairs)
    if stored.read(LEARNED).get("digest") != digest or not file.exists():
        log.info("asking the %s model about %d articles it learned from", kind, len(pairs))
        write_predictions(predicted_rows(kind, stored.model, pairs), file)
        stored.write(LEARNED, {"digest": digest})
    return read_predictions(file)


def _learned_pairs(gold: Gold, kind: Kind) -> Pairs:
    learned = [r for r in gold.reviewed if r.split != "test"]
    if kind == "topics":
        return [(r.article, r.topic) for r in learned if r.topic]
    return [(r.article, r.spans) for r in learned if r.spans is not None]
