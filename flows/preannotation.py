"""Who suggests what: the source's labels, else the last published model.

Else topics are those of the zero-shot encoder, and entities come from ``first_suggestions``.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from corpus.articles import (
    Article,
    Prediction,
    ScoredSpan,
    ScoredTopic,
    chosen_topics,
    model_input,
)
from corpus.desk import Desk
from corpus.order.uncertainty import topics_uncertainty
from corpus.words import apart, distinct, whole_spans
from flows.first_suggestions import EntitySuggester, first_suggester
from flows.hub_access import download_model, last_revision
from training.classification.predict import TopicPrediction, load_topic_model, predict_topics
from training.classification.zero_shot import zero_shot_topics
from training.encoder import base_model_name
from training.entities.predict import load_entity_model, predict_entities
from training.prediction.shared import open_caches, predict_both, share

log = logging.getLogger("flows.preannotation")


@dataclass(frozen=True, slots=True)
class Published:
    """A published model that knows the desk's labels, and the name its suggestions get."""

    agent: str
    model: Any


def pre_annotate(desk: Desk, articles: Sequence[Article]) -> dict[str, Prediction]:
    """A prediction for each article; questions nobody can say anything about stay empty.

    Where both published models sit on the same frozen encoder, it reads each article once, and
    what it said is kept in COPYDESK_HOME/embeddings: with the next models, only heads are run.
    """
    predictions = {article.id: _from_source(desk, article) for article in articles}
    asked = [a for a in articles if desk.labels.topics and predictions[a.id].said_topics() is None]
    marked = [a for a in articles if desk.labels.entities and predictions[a.id].spans is None]
    topics = _published_topics(desk) if asked else None
    entities = _published_entities(desk) if marked else None
    first = first_suggester(desk) if marked and entities is None else None
    texts, bodies = [model_input(article) for article in asked], [a.text for a in marked]
    agent, found, spans = _predict(desk, topics, entities, texts, bodies)
    _add_topics(desk, asked, agent, found, predictions)
    suggester: Published | EntitySuggester | None = entities or first
    if suggester is not None:
        spans = first.find(bodies) if first else spans
        _add_spans(desk, marked, suggester.agent, spans, predictions)
    return predictions


def _predict(
    desk: Desk,
    topics: Published | None,
    entities: Published | None,
    topic_texts: Sequence[str],
    entity_texts: Sequence[str],
) -> tuple[str, list[TopicPrediction], list[tuple[ScoredSpan, ...]]]:
    """Who says the topics, the topics, the spans."""
    shared = share(topics.model, entities.model) if topics and entities else None
    if shared is not None and topics is not None:
        both = predict_both(shared, topic_texts, entity_texts, open_caches(shared.revision))
        return topics.agent, both.topics, both.spans
    spans = predict_entities(entities.model, entity_texts) if entities else []
    if topics is not None:
        return topics.agent, predict_topics(topics.model, topic_texts), spans
    encoder, labels = desk.models.encoder, desk.labels
    zero_shot = zero_shot_topics(topic_texts, labels.topics, encoder, labels.several_topics)
    return f"zero-shot:{base_model_name(encoder)}", zero_shot, spans


def _from_source(desk: Desk, article: Article) -> Prediction:
    if not desk.source.suggest_labels:
        return Prediction(article.id)
    agent = f"source:{article.source}"
    spans, topics = article.spans, article.topics
    return Prediction(
        article.id,
        topic=article.topic,
        topic_score=None,
        topics=None if topics is None else tuple(ScoredTopic(name, None) for name in topics),
        topic_agent=agent if chosen_topics(article) is not None else "",
        spans=None
        if spans is None
        else _placed(desk, article, [ScoredSpan(s.start, s.end, s.label, 1.0) for s in spans]),
        spans_agent=agent if spans is not None else "",
    )


def _published_topics(desk: Desk) -> Published | None:
    found = _last(desk.publish.topic_model)
    if found is None:
        return None
    model = load_topic_model(str(found[1]))
    if set(model.topics) <= set(desk.labels.topics):
        return Published(found[0], model)
    log.warning("%s knows other topics than the desk (%s)", found[0], ", ".join(model.topics))
    return None


def _published_entities(desk: Desk) -> Published | None:
    found = _last(desk.publish.entity_model)
    if found is None:
        return None
    model = load_entity_model(str(found[1]))
    if set(model.entity_types) & set(desk.labels.entities):
        return Published(found[0], model)
    log.warning("%s knows none of the desk's entity types", found[0])
    return None


def _last(repo_id: str | None) -> tuple[str, Path] | None:
    """The agent's name of the last published model, and its files."""
    revision = last_revision(repo_id) if repo_id else None
    if not repo_id or not revision:
        return None
    return f"{repo_id}:{revision[:12]}", download_model(repo_id, revision)


def _add_topics(
    desk: Desk,
    articles: Sequence[Article],
    agent: str,
    found: Sequence[TopicPrediction],
    predictions: dict[str, Prediction],
) -> None:
    if articles:
        log.info("%d topics suggested by %s", len(found), agent)
    said = _several if desk.labels.several_topics else _one
    for article, topic in zip(articles, found, strict=True):
        predictions[article.id] = replace(predictions[article.id], **said(topic), topic_agent=agent)


def _one(found: TopicPrediction) -> dict[str, Any]:
    return {"topic": found.topic, "topic_score": round(found.score, 4)}


def _several(found: TopicPrediction) -> dict[str, Any]:
    scored = [ScoredTopic(name, round(found.probabilities[name], 4)) for name in found.topics]
    unsure = topics_uncertainty(found.probabilities.values())
    return {"topics": tuple(scored), "uncertainty": unsure}


def _add_spans(
    desk: Desk,
    articles: Sequence[Article],
    agent: str,
    found: Sequence[tuple[ScoredSpan, ...]],
    predictions: dict[str, Prediction],
) -> None:
    log.info("entities of %d articles suggested by %s", len(found), agent)
    for article, spans in zip(articles, found, strict=True):
        known = [span for span in spans if span.label in desk.labels.entities]
        placed = _placed(desk, article, known)
        predictions[article.id] = replace(predictions[article.id], spans=placed, spans_agent=agent)


def _placed(desk: Desk, article: Article, spans: Sequence[ScoredSpan]) -> tuple[ScoredSpan, ...]:
    """As the desk's question takes them: of whole characters, and apart unless they may overlap."""
    whole = whole_spans(article.text, spans)
    return distinct(whole) if desk.labels.overlapping else apart(whole)
