"""What a model learns from: a text with its labels and split, whoever decided them."""

from collections.abc import Iterable
from dataclasses import dataclass

from corpus.articles import ReviewedArticle, Span, Split, chosen_topics, model_input


@dataclass(frozen=True, slots=True)
class TopicExample:
    """A text and its topics: one, or several where topics do not exclude each other."""

    id: str
    text: str
    topics: tuple[str, ...]
    split: Split


@dataclass(frozen=True, slots=True)
class EntityExample:
    """A text and its spans in code points; no span says that nothing is to be found."""

    id: str
    text: str
    spans: tuple[Span, ...]
    split: Split


def topic_examples(reviewed: Iterable[ReviewedArticle]) -> list[TopicExample]:
    """Of the articles whose topic, or topics, are resolved."""
    return [
        TopicExample(r.article.id, model_input(r.article), topics, r.split)
        for r in reviewed
        if (topics := chosen_topics(r)) is not None
    ]


def entity_examples(reviewed: Iterable[ReviewedArticle]) -> list[EntityExample]:
    """Of the articles whose spans are resolved."""
    return [
        EntityExample(r.article.id, r.article.text, r.spans, r.split)
        for r in reviewed
        if r.spans is not None
    ]
