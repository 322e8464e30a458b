"""second_look: gold, and what models say of it → answers worth a second look."""

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import argilla as rg
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from argilla_settings.connection import connect
from argilla_settings.data_sets import require_dataset
from argilla_settings.news import NEWS
from argilla_settings.second_look import doubts_url, mark_doubts
from corpus.articles import ReviewedArticle, chosen_topics, gold_topics
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
from training.evaluation.label_errors import doubt_labels
from training.examples import topic_examples
from training.worth.topics import embed

log = logging.getLogger("flows.second_look")

LEARNED = "learned.json"
# A weak model doubts most answers; people look at a page of them, then the next model is asked.
MARKED = 50


@flow(name="second_look")
def second_look(config: DeskRun) -> SecondLook:
    """Mark in Argilla the gold that is suspected: topics unseen, spans by their model, and so
    several topics an article.
    """
    desk = config.read()
    gold = read_gold(desk)
    client = connect()
    dataset = require_dataset(client, desk, NEWS)
    rows = {kind: ask(desk, gold, kind) for kind in desk_kinds(desk)}
    # cleanlab's margins are of one label a text.
    several = desk.labels.several_topics
    ids = {reviewed.article.id for reviewed in may_be_doubted(gold)}
    said = rows.get("topics", ())
    topics = doubt_learned(said, "topics", ids) if several else suspect_topics(desk, gold)
    doubts = most_doubtful(topics, doubt_learned(rows.get("entities", ()), "entities", ids))
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


@task(cache_policy=NO_CACHE)
def suspect_topics(desk: Desk, gold: Gold) -> dict[str, float]:
    """Article id → doubt of its gold topic, of as many articles as are estimated to be wrong, among
    those that may be looked at. No model that learned from an article is asked.
    """
    examples = topic_examples(may_be_doubted(gold))
    if not desk.labels.topics or not examples:
        return {}
    length = desk.models.topics.max_length_tokens
    vectors = embed([e.text for e in examples], desk.models.encoder, length)
    found = doubt_labels(vectors, [e.topics[0] for e in examples], desk.models.seed)
    log.info("%d of %d gold topics are suspected", found.wrong, len(examples))
    return {examples[i].id: float(found.doubts[i]) for i in found.suspects()}


def may_be_doubted(gold: Gold) -> list[ReviewedArticle]:
    """Neither of the test split nor blind: whom a model sends back to an article has been told that
    it answers otherwise, and blind answers are those of people who were told nothing.
    """
    return [r for r in gold.reviewed if r.split != "test" and not r.blind]


def doubt_learned(rows: Sequence[Row], kind: Kind, ids: Collection[str]) -> dict[str, float]:
    """Article id → how surely the model of this kind, which learned from it, answers otherwise; of
    articles with these ids.
    """
    found = {r["id"]: doubt_of(r, kind) for r in rows if r["id"] in ids}
    return {article_id: doubt for article_id, doubt in found.items() if doubt}


def most_doubtful(*found: Mapping[str, float]) -> dict[str, float]:
    """Article id → its largest doubt, of the MARKED most doubtful articles."""
    largest: dict[str, float] = {}
    for article_id, doubt in (item for doubts in found for item in doubts.items()):
        largest[article_id] = max(doubt, largest.get(article_id, 0.0))
    ordered = sorted(largest, key=lambda article_id: (-largest[article_id], article_id))
    return {article_id: largest[article_id] for article_id in ordered[:MARKED]}


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
        return [(r.article, gold_topics(r)) for r in learned if chosen_topics(r) is not None]
    return [(r.article, r.spans) for r in learned if r.spans is not None]
