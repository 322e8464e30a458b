"""How questions are put. New wordings only follow: the published ones keep their number."""

import json
import re
from collections.abc import Mapping, Sequence

from corpus.instruct.answers import Questions

PHRASINGS: Mapping[str, tuple[str, ...]] = {
    "both": (
        "Name the topic of this article and the entities in it.",
        "What is this article about, and who and what does it name?",
        "Label this article: one topic, and each entity with its type.",
        "Which topic fits this article, and which entities does it mention?",
        "Fill in topic and entities for this article.",
    ),
    "topic": (
        "Name the topic of this article.",
        "What is this article about?",
        "Label this article with one topic.",
        "Which topic fits this article?",
        "Fill in the topic of this article.",
    ),
    "entities": (
        "Name the entities in this article.",
        "Who and what does this article name?",
        "Label each entity of this article with its type.",
        "Which entities does this article mention?",
        "Fill in the entities of this article.",
    ),
}
# What cannot be taken for anything else than a label in a row of labels.
_PLAIN = re.compile(r"[\w /&-]+")


def system_prompt(questions: Questions) -> str:
    """What may be answered, the same for every article of a desk."""
    parts = []
    if questions.topics:
        parts.append(f'"topic": one of {_listed(questions.topics)}')
    if questions.types:
        where = " in the text below the title" if questions.topics else ""
        types = _listed(questions.types)
        parts.append(f'"entities": a list of {{"text", "type"}}{where}, type one of {types}')
    return f"You label news. Answer with one JSON object: {'; '.join(parts)}."


def _listed(labels: Sequence[str]) -> str:
    """Labels in a row; one that a reader could take for several is quoted, as the answer does."""
    quoted = (json.dumps(name, ensure_ascii=False) for name in labels)
    return ", ".join(
        name if _PLAIN.fullmatch(name) else said for name, said in zip(labels, quoted, strict=True)
    )
