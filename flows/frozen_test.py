"""The articles that models are judged on, and what a model says of each of them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.articles import (
    Article,
    ReviewedArticle,
    ScoredSpan,
    chosen_topics,
    gold_topics,
    model_input,
)
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.instruct.pairs import Pair, reviewed_pairs
from corpus.review_state import Reviewed, desk_questions
from flows.model_store import Kind
from publishing.predictions import entity_row, topic_row, topics_row
from training.classification.predict import load_topic_model, predict_topics
from training.entities.plain import plain_entities
from training.entities.predict import load_entity_model, predict_entities

# Articles, each with its gold topic (a list of several) or spans, or the chat with the right
# answer.
Pairs = list[tuple[Article, Any]]
# Article id → what is known of it besides, as training.evaluation.slices reads it.
Facts = Mapping[str, dict[str, Any]]


def gold_of_test(desk: Desk, gold: Gold, kind: Kind) -> Pairs:
    """The articles of the test split with what this kind of model should find in them."""
    test = [r for r in gold.reviewed if r.split == "test"]
    if kind == "topics":
        return [(r.article, gold_topics(r)) for r in test if chosen_topics(r) is not None]
    if kind == "instructions":
        return asked(desk, test)
    return [(r.article, r.spans) for r in test if r.spans is not None]


def asked(desk: Desk, reviewed: Sequence[ReviewedArticle]) -> list[tuple[Article, Pair]]:
    """Articles whose every question is resolved, with their chats."""
    known = {r.article.id: r.article for r in reviewed}
    return [(known[p.id], p) for p in reviewed_pairs(reviewed, desk_questions(desk))]


def review_facts(review: Reviewed) -> Facts:
    """What slices of the scores are made of. The guidelines are those of the last answer."""
    guidelines: dict[str, str] = {}
    for entry in sorted(review.answers, key=lambda e: e.response.answered_at):
        if entry.response.status == "submitted":
            guidelines[entry.response.article_id] = entry.guidelines
    return {
        r.article.id: article_facts(r.article)
        | {"blind": r.blind, "guidelines": guidelines.get(r.article.id, "")}
        for r in review.gold.reviewed
    }


def article_facts(article: Article) -> dict[str, Any]:
    """What is known of an article that nobody reviewed."""
    return {
        "source": article.source,
        "published_at": article.published_at,
        "characters": len(article.text),
    }


def pairs_digest(pairs: Pairs, facts: Facts | None = None) -> str:
    """A short hash of the articles, of what is right of them, and of what is known of them."""
    parts = [(article.id, repr(gold), (facts or {}).get(article.id, {})) for article, gold in pairs]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def predicted_rows(
    kind: Kind, model: Path, pairs: Pairs, facts: Facts | None = None
) -> list[dict[str, Any]]:
    """Rows as they are published: gold, and what the model in this folder says."""
    about = [(facts or {}).get(article.id, {}) for article, _ in pairs]
    if kind == "topics":
        topics = load_topic_model(str(model))
        said = predict_topics(topics, [model_input(article) for article, _ in pairs])
        return [
            topic_row(article, topic, p.topic, p.probabilities, known)
            if isinstance(topic, str)
            else topics_row(article, topic, p.topics, p.probabilities, known)
            for (article, topic), p, known in zip(pairs, said, about, strict=True)
        ]
    entities = load_entity_model(str(model))
    found = predict_entities(entities, [article.text for article, _ in pairs])
    return [
        entity_row(article, spans, of_article, known)
        for (article, spans), of_article, known in zip(pairs, found, about, strict=True)
    ]


def plain_rows(model: Path, pairs: Pairs) -> list[dict[str, Any]]:
    """The same of an entity model that is used as its card says, by transformers alone."""
    found = plain_entities(str(model), [article.text for article, _ in pairs])
    return [
        entity_row(article, spans, [ScoredSpan(s.start, s.end, s.label, 1.0) for s in said], {})
        for (article, spans), said in zip(pairs, found, strict=True)
    ]
