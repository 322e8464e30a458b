"""A labelled file → what a model learns from."""

from corpus.labelled.parts import Parts
from corpus.labelled.read import LabelledFile
from training.examples import EntityExample, TopicExample


def file_topics(file: LabelledFile, parts: Parts) -> list[TopicExample]:
    """One example a row, in file order."""
    return [
        TopicExample(_identifier(row.number), row.text, row.topics, parts.splits[row.number])
        for row in file.rows
    ]


def file_entities(file: LabelledFile, parts: Parts) -> list[EntityExample]:
    """One example a row, in file order."""
    return [
        EntityExample(_identifier(row.number), row.text, row.spans, parts.splits[row.number])
        for row in file.rows
    ]


def _identifier(row: int) -> str:
    # By row and not by content: ids are unique, also where a text stands twice in the file.
    return f"row-{row:09d}"
