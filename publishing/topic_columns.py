"""Columns of topics: ``topic``, a class, or of a desk with several ``topics``, a list of them."""

from collections.abc import Sequence
from typing import Any

from datasets import ClassLabel, List, Value

from corpus.articles import HasTopics, chosen_topics
from corpus.errors import DeskError
from corpus.ledger_rows import LedgerEntry

SEVERAL = "topics"


def topic_features(topics: Sequence[str], several: bool) -> dict[str, Any]:
    """Class numbers follow the schema."""
    label = ClassLabel(names=list(topics))
    return {SEVERAL: List(label)} if several else {"topic": label}


def topic_cells(found: HasTopics | None, topics: Sequence[str], several: bool) -> dict[str, Any]:
    """Of an answer, or of gold; several in the order of the schema, none as an empty list."""
    chosen = None if found is None else chosen_topics(found)
    if several:
        return {SEVERAL: None if chosen is None else [t for t in topics if t in chosen]}
    return {"topic": chosen[0] if chosen else None}


def suggested_features(several: bool) -> dict[str, Any]:
    """What stood beside the article; scores are those that Argilla showed, null where none was."""
    if several:
        scored = {"topic": Value("string"), "score": Value("float32")}
        return {"suggested_topics": List(scored)}
    return {"suggested_topic": Value("string"), "suggested_topic_score": Value("float32")}


def suggested_cells(entry: LedgerEntry, several: bool) -> dict[str, Any]:
    """As ``suggested_features`` describes them."""
    if several:
        said = entry.shown().said_topics()
        rows = None if said is None else [{"topic": t.name, "score": t.score} for t in said]
        return {"suggested_topics": rows}
    return {
        "suggested_topic": entry.suggested_topic,
        "suggested_topic_score": entry.suggested_topic_score,
    }


def require_known(found: HasTopics, topics: Sequence[str], article_id: str) -> None:
    """DeskError for an answer with a topic that the desk no longer has."""
    for topic in chosen_topics(found) or ():
        if topic not in topics:
            raise DeskError(
                f"Article {article_id} was answered with topic {topic!r}, which the desk no longer "
                f"has ({', '.join(topics)}).",
                "Restore it in labels.topics, or give the desk a new `name:` and review it anew.",
            )
