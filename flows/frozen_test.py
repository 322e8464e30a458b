"""The articles that models are judged on, and what a model says of each of them."""

import hashlib
import json
from pathlib import Path
from typing import Any

from corpus.articles import Article, model_input
from corpus.gold import Gold
from flows.model_store import Kind
from publishing.predictions import entity_row, topic_row
from training.classification.predict import load_topic_model, predict_topics
from training.entities.predict import load_entity_model, predict_entities

# Articles, each with its gold topic or spans.
Pairs = list[tuple[Article, Any]]


def gold_of_test(gold: Gold, kind: Kind) -> Pairs:
    """The articles of the test split with what this kind of model should find in them."""
    test = [r for r in gold.reviewed if r.split == "test"]
    if kind == "topics":
        return [(r.article, r.topic) for r in test if r.topic]
    return [(r.article, r.spans) for r in test if r.spans is not None]


def pairs_digest(pairs: Pairs) -> str:
    """A short hash of the articles and of what is right of them."""
    parts = [(article.id, repr(gold)) for article, gold in pairs]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def predicted_rows(kind: Kind, model: Path, pairs: Pairs) -> list[dict[str, Any]]:
    """Rows as they are published: gold, and what the model in this folder says."""
    if kind == "topics":
        topics = load_topic_model(str(model))
        said = predict_topics(topics, [model_input(article) for article, _ in pairs])
        return [
            topic_row(article, topic, p.topic, p.score)
            for (article, topic), p in zip(pairs, said, strict=True)
        ]
    entities = load_entity_model(str(model))
    found = predict_entities(entities, [article.text for article, _ in pairs])
    return [
        entity_row(article, spans, of_article)
        for (article, spans), of_article in zip(pairs, found, strict=True)
    ]
