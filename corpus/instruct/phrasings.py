"""How questions are put. New wordings only follow: the published ones keep their number."""

from collections.abc import Mapping

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


def system_prompt(questions: Questions) -> str:
    """What may be answered, the same for every article of a desk."""
    parts = []
    if questions.topics:
        parts.append(f'"topic": one of {", ".join(questions.topics)}')
    if questions.types:
        types = ", ".join(questions.types)
        where = " in the text below the title" if questions.topics else ""
        parts.append(f'"entities": a list of {{"text", "type"}}{where}, type one of {types}')
    return f"You label news. Answer with one JSON object: {'; '.join(parts)}."
