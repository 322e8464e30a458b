"""Prediction → Argilla suggestions, and back from REST."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import argilla as rg

from corpus.articles import Prediction, ScoredSpan

# argilla-server 2.8.0 refuses any other character, among them the @ of repo_id@revision.
AGENT_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_:./\s-]")
AGENT_MAX_CHARACTERS = 200


def to_agent(name: str) -> str:
    """A name Argilla accepts as agent: repo_id:revision stays as it is."""
    return AGENT_FORBIDDEN.sub("_", name)[:AGENT_MAX_CHARACTERS]


def to_suggestions(prediction: Prediction) -> list[rg.Suggestion]:
    """Suggestions for the questions the prediction says something about."""
    suggestions = []
    if prediction.topic is not None:
        suggestions.append(
            rg.Suggestion(
                question_name="topic",
                value=prediction.topic,
                score=prediction.topic_score,
                agent=to_agent(prediction.topic_agent),
            )
        )
    if prediction.spans is not None:
        suggestions.append(
            rg.Suggestion(
                question_name="entities",
                value=[
                    {"start": s.start, "end": s.end, "label": s.label} for s in prediction.spans
                ],
                score=[round(s.score, 4) for s in prediction.spans] or None,
                agent=to_agent(prediction.spans_agent),
            )
        )
    return suggestions


def from_rest(
    article_id: str, suggestions: Iterable[Mapping[str, Any]], questions: Mapping[str, str]
) -> Prediction:
    """The prediction shown with a record. ``questions`` maps question id → name."""
    found = {questions[s["question_id"]]: s for s in suggestions}
    topic = found.get("topic", {})
    entities = found.get("entities")
    return Prediction(
        article_id=article_id,
        topic=topic.get("value"),
        topic_score=topic.get("score"),
        topic_agent=topic.get("agent") or "",
        spans=None if entities is None else _scored(entities),
        spans_agent="" if entities is None else entities.get("agent") or "",
    )


def _scored(suggestion: Mapping[str, Any]) -> tuple[ScoredSpan, ...]:
    values = suggestion["value"]
    scores = suggestion.get("score")
    each = (
        scores
        if isinstance(scores, list)
        else [scores if scores is not None else 1.0] * len(values)
    )
    return tuple(
        ScoredSpan(v["start"], v["end"], v["label"], float(s))
        for v, s in zip(values, each, strict=True)
    )
