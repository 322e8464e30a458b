"""Who suggests what: the source's labels, else the last published model, else zero-shot topics."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from corpus.articles import Article, Prediction, ScoredSpan, model_input
from corpus.desk import Desk
from flows.hub_access import download_model, last_revision
from training.classification.predict import TopicPrediction, load_topic_model, predict_topics
from training.classification.zero_shot import zero_shot_topics
from training.encoder import base_model_name
from training.entities.predict import load_entity_model, predict_entities

log = logging.getLogger("flows.preannotation")


def pre_annotate(desk: Desk, articles: Sequence[Article]) -> dict[str, Prediction]:
    """A prediction for each article; questions nobody can say anything about stay empty."""
    predictions = {article.id: _from_source(desk, article) for article in articles}
    if desk.labels.topics:
        without = [a for a in articles if predictions[a.id].topic is None]
        _add_topics(desk, without, predictions)
    if desk.labels.entities:
        without = [a for a in articles if predictions[a.id].spans is None]
        _add_spans(desk, without, predictions)
    return predictions


def _from_source(desk: Desk, article: Article) -> Prediction:
    if not desk.source.suggest_labels:
        return Prediction(article.id)
    agent = f"source:{article.source}"
    spans = article.spans
    return Prediction(
        article.id,
        topic=article.topic,
        topic_score=None,
        topic_agent=agent if article.topic is not None else "",
        spans=None
        if spans is None
        else tuple(ScoredSpan(s.start, s.end, s.label, 1.0) for s in spans),
        spans_agent=agent if spans is not None else "",
    )


def _add_topics(
    desk: Desk, articles: Sequence[Article], predictions: dict[str, Prediction]
) -> None:
    if not articles:
        return
    texts = [model_input(article) for article in articles]
    agent, found = _topics(desk, texts)
    log.info("%d topics suggested by %s", len(found), agent)
    for article, topic in zip(articles, found, strict=True):
        predictions[article.id] = replace(
            predictions[article.id],
            topic=topic.topic,
            topic_score=round(topic.score, 4),
            topic_agent=agent,
        )


def _topics(desk: Desk, texts: list[str]) -> tuple[str, list[TopicPrediction]]:
    repo_id = desk.publish.topic_model
    revision = last_revision(repo_id) if repo_id else None
    if repo_id and revision:
        model = load_topic_model(str(download_model(repo_id, revision)))
        if set(model.topics) <= set(desk.labels.topics):
            return f"{repo_id}:{revision[:12]}", predict_topics(model, texts)
        log.warning("%s knows other topics than the desk (%s)", repo_id, ", ".join(model.topics))
    encoder = desk.models.encoder
    agent = f"zero-shot:{base_model_name(encoder)}"
    return agent, zero_shot_topics(texts, desk.labels.topics, encoder)


def _add_spans(desk: Desk, articles: Sequence[Article], predictions: dict[str, Prediction]) -> None:
    repo_id = desk.publish.entity_model
    revision = last_revision(repo_id) if repo_id else None
    if not articles or not repo_id or not revision:
        return
    model = load_entity_model(str(download_model(repo_id, revision)))
    if not set(model.entity_types) & set(desk.labels.entities):
        log.warning("%s knows none of the desk's entity types", repo_id)
        return
    agent = f"{repo_id}:{revision[:12]}"
    found = predict_entities(model, [article.text for article in articles])
    log.info("entities of %d articles suggested by %s", len(found), agent)
    for article, spans in zip(articles, found, strict=True):
        known = tuple(span for span in spans if span.label in desk.labels.entities)
        predictions[article.id] = replace(predictions[article.id], spans=known, spans_agent=agent)
