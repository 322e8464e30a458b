"""Prediction → Argilla suggestions, and back from REST."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import argilla as rg

from argilla_settings.offsets import Range, from_argilla, from_ui, to_utf16
from corpus.articles import Article, Prediction, ScoredSpan, ScoredTopic, Span

# argilla-server 2.8.0 refuses any other character, among them the @ of repo_id@revision.
AGENT_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_:./\s-]")
AGENT_MAX_CHARACTERS = 200


def to_agent(name: str) -> str:
    """A name Argilla accepts as agent: repo_id:revision stays as it is."""
    return AGENT_FORBIDDEN.sub("_", name)[:AGENT_MAX_CHARACTERS]


def as_shown(prediction: Prediction) -> Prediction:
    """A prediction named and rounded as Argilla shows it, which knows no uncertainty."""
    spans, topics = prediction.spans, prediction.topics
    if topics is not None:
        topics = tuple(replace(t, score=t.score and round(t.score, 4)) for t in topics)
    if spans is not None:
        spans = tuple(replace(span, score=round(span.score, 4)) for span in spans)
    return replace(
        prediction,
        topic_agent=to_agent(prediction.topic_agent),
        spans=spans,
        spans_agent=to_agent(prediction.spans_agent),
        topics=topics,
        uncertainty=None,
    )


def to_suggestions(prediction: Prediction, text: str) -> list[rg.Suggestion]:
    """Suggestions for the questions the prediction says something about, on this text.

    That an article has no topic cannot be suggested: Argilla takes no empty list of labels.
    """
    prediction = as_shown(prediction)
    suggestions = []
    if prediction.topic is not None:
        suggestions.append(
            rg.Suggestion(
                question_name="topic",
                value=prediction.topic,
                score=prediction.topic_score,
                agent=prediction.topic_agent,
            )
        )
    if prediction.topics:
        scores = [topic.score for topic in prediction.topics if topic.score is not None]
        suggestions.append(
            rg.Suggestion(
                question_name="topic",
                value=[topic.name for topic in prediction.topics],
                score=scores if len(scores) == len(prediction.topics) else None,
                agent=prediction.topic_agent,
            )
        )
    if prediction.spans is not None:
        suggestions.append(
            rg.Suggestion(
                question_name="entities",
                value=to_values(text, prediction.spans),
                score=[span.score for span in prediction.spans] or None,
                agent=prediction.spans_agent,
            )
        )
    return suggestions


def to_values(text: str, spans: Sequence[Span | ScoredSpan]) -> list[dict[str, Any]]:
    """The value of a span question, in the UI's offsets; ``from_values`` reads it."""
    ranges = to_utf16(text, [(span.start, span.end) for span in spans])
    return [
        {"start": start, "end": end, "label": span.label}
        for (start, end), span in zip(ranges, spans, strict=True)
    ]


def from_values(text: str, values: Sequence[Mapping[str, Any]]) -> list[Span]:
    """The spans in an answer to a span question, in its order and in code points."""
    return _spans(values, from_argilla(text, _ranges(values)))


def _ranges(values: Sequence[Mapping[str, Any]]) -> list[Range]:
    return [(value["start"], value["end"]) for value in values]


def _spans(values: Sequence[Mapping[str, Any]], ranges: Sequence[Range]) -> list[Span]:
    return [
        Span(start, end, value["label"]) for (start, end), value in zip(ranges, values, strict=True)
    ]


def from_rest(
    article: Article, suggestions: Iterable[Mapping[str, Any]], questions: Mapping[str, str]
) -> Prediction:
    """The prediction shown with a record. ``questions`` maps question id → name."""
    found = {questions[s["question_id"]]: s for s in suggestions}
    topic = found.get("topic", {})
    entities = found.get("entities")
    several = isinstance(topic.get("value"), list)
    return Prediction(
        article_id=article.id,
        topic=None if several else topic.get("value"),
        topic_score=None if several else topic.get("score"),
        topics=_scored_topics(topic) if several else None,
        topic_agent=topic.get("agent") or "",
        spans=None if entities is None else _scored(article.text, entities),
        spans_agent="" if entities is None else entities.get("agent") or "",
    )


def _scored_topics(suggestion: Mapping[str, Any]) -> tuple[ScoredTopic, ...]:
    names, scores = suggestion["value"], suggestion.get("score")
    each = scores if isinstance(scores, list) else [None] * len(names)
    return tuple(ScoredTopic(name, score) for name, score in zip(names, each, strict=True))


def _scored(text: str, suggestion: Mapping[str, Any]) -> tuple[ScoredSpan, ...]:
    values = suggestion["value"]
    spans = _spans(values, from_ui(text, _ranges(values)))
    scores = suggestion.get("score")
    # One score for all, or none: the suggestion was made by somebody else's script.
    each = scores if isinstance(scores, list) else [1.0 if scores is None else scores] * len(spans)
    return tuple(
        ScoredSpan(span.start, span.end, span.label, float(score))
        for span, score in zip(spans, each, strict=True)
    )
