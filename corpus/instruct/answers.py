"""The answer of an instruction model: one JSON object of a schema that has a version.

Version 1: ``{"topic": "Sports", "entities": [{"text": "Ada Reyes", "type": "person"}]}``, with the
keys of the questions that a desk asks, entities as written in the article, each once, in the order
in which they stand there.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from corpus.articles import Span

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """An entity as the answer names it: its words and its type, without a place in the text."""

    text: str
    type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of an article; None for a question that is not asked."""

    topic: str | None
    entities: tuple[Mention, ...] | None


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """What a model wrote, as far as it can be read.

    ``answer`` is None unless it keeps the schema; ``problem`` then says why, else it is empty.
    """

    answer: Answer | None
    is_json: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked: the topics to choose from and the types to look for; none: not asked."""

    topics: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


TOPIC, ENTITY = "topic: ", "entity: "


def answer_labels(questions: Questions) -> list[str]:
    """All that an answer can name, topics first, in schema order; marked, since a topic and an
    entity type may have the same name.
    """
    return [TOPIC + name for name in questions.topics] + [ENTITY + t for t in questions.types]


def stands_in(name: str, text: str) -> bool:
    """Whether a text holds these words, not as a part of others ("Ann" in "Annual")."""
    return next(places(name, text), None) is not None


def places(name: str, text: str) -> Iterator[int]:
    """Where these words begin in a text, not as a part of others."""
    for found in re.finditer(re.escape(name), text):
        if not (_goes_on(text, found.start()) or _goes_on(text, found.end())):
            yield found.start()


def _goes_on(text: str, at: int) -> bool:
    """Whether a word or a number goes on here: a letter may follow a number ("two F-16s").

    Not in scripts without upper and lower case, many of which have no blanks between words either.
    """
    around = text[max(0, at - 1) : at + 1]
    return len(around) == 2 and (
        all(s.isdigit() for s in around) or all(s.lower() != s.upper() for s in around)
    )


def in_text_order(answer: Answer, text: str) -> Answer:
    """The same answer, its entities each once and as they stand in the text; others at the end.

    Two people who name the same entities in another order then say the same.
    """
    if answer.entities is None:
        return answer
    first = {m: next(places(m.text, text), None) for m in answer.entities}
    ordered = sorted(first, key=lambda m: (first[m] is None, first[m] or 0, m))
    return Answer(answer.topic, tuple(ordered))


def mentions(text: str, spans: Sequence[Span]) -> tuple[Mention, ...]:
    """The spans' words, each with its type once, in text order."""
    ordered = sorted(spans)
    return tuple(dict.fromkeys(Mention(text[s.start : s.end], s.label) for s in ordered))


def to_json(answer: Answer) -> str:
    """One line, letters of all languages as they are."""
    said: dict[str, Any] = {}
    if answer.topic is not None:
        said["topic"] = answer.topic
    if answer.entities is not None:
        said["entities"] = [{"text": m.text, "type": m.type} for m in answer.entities]
    return json.dumps(said, ensure_ascii=False)


def to_lines(answer: Answer) -> str:
    """The same JSON with a line for each entity, for people who edit it."""
    named = [
        json.dumps({"text": m.text, "type": m.type}, ensure_ascii=False)
        for m in answer.entities or ()
    ]
    parts = (
        [] if answer.topic is None else [f'"topic": {json.dumps(answer.topic, ensure_ascii=False)}']
    )
    if answer.entities is not None:
        listed = ",\n  ".join(named)
        parts.append(f'"entities": [\n  {listed}\n]' if named else '"entities": []')
    return "{" + ",\n".join(parts) + "}"


def read_answer(written: str, questions: Questions) -> ReadAnswer:
    """What a model wrote, checked against the schema; never an error."""
    try:
        said = json.loads(written)
    # RecursionError: a model that writes brackets without end.
    except (ValueError, RecursionError) as error:
        return ReadAnswer(None, is_json=False, problem=f"no JSON: {error}")
    try:
        json.dumps(said, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return ReadAnswer(None, is_json=True, problem="half a character, written as \\ud…")
    wrong = best_match(_validator(questions).iter_errors(said))
    if wrong is not None:
        return ReadAnswer(None, is_json=True, problem=f"{wrong.json_path}: {wrong.message}")
    found = said.get("entities")
    entities = None if found is None else tuple(Mention(m["text"], m["type"]) for m in found)
    return ReadAnswer(Answer(said.get("topic"), entities), is_json=True)


def json_schema(questions: Questions) -> dict[str, Any]:
    """JSON Schema (2020-12) of an answer to these questions."""
    mention = {
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 1},
            "type": {"enum": list(questions.types)},
        },
        "required": ["text", "type"],
        "additionalProperties": False,
    }
    properties: dict[str, Any] = {}
    if questions.topics:
        properties["topic"] = {"enum": list(questions.topics)}
    if questions.types:
        properties["entities"] = {"type": "array", "items": mention}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Copydesk answer, version {SCHEMA_VERSION}",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@cache
def _validator(questions: Questions) -> Draft202012Validator:
    return Draft202012Validator(json_schema(questions))
