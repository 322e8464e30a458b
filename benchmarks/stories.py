"""Made-up news stories, the same for the same seed: no row of any corpus is in them.

Words are drawn by Zipf's law from made-up syllables, as in real text: few words in every story,
most in hardly any. ``COMMON`` stands in every second story, ``RARE`` in one of a thousand.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any

TOPICS = ("World", "Sports", "Business", "Science")
ENTITIES = ("person", "organization", "location")
SOURCES = ("wire", "agency", "local-desk", "freelance", "archive")
COMMON, RARE, PHRASE = "government", "zugzwang", "central bank of Norvania"
AGENT = "copydesk/sample-news:1"
WORDS = 12_000
SYLLABLES = "ba co di fe gu ha jo ka li me no pu ra se ti vo wa xe yu za".split()


@dataclass(frozen=True, slots=True)
class Span:
    """A suggested entity; ``start`` and ``end`` count code points, half-open."""

    start: int
    end: int
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Story:
    """One article with the suggestions, metadata and vector it is logged with."""

    id: str
    title: str
    text: str
    topic: str
    topic_score: float
    spans: tuple[Span, ...]
    metadata: dict[str, Any]
    vector: list[float] | None = None


def stories(count: int, seed: int = 1, start: int = 0, vector_size: int = 0) -> Iterator[Story]:
    """``count`` stories from number ``start``; story n is the same whatever the count."""
    vocabulary, weights = _vocabulary()
    for number in range(start, start + count):
        draw = random.Random(seed * 1_000_003 + number)
        yield _story(number, draw, vocabulary, weights, vector_size)


def to_rest(story: Story, questions: dict[str, str]) -> dict[str, Any]:
    """As the server's bulk address takes it; ``questions`` is name → id."""
    spans = [{"start": s.start, "end": s.end, "label": s.label} for s in story.spans]
    item: dict[str, Any] = {
        "external_id": story.id,
        "fields": {"title": story.title, "text": story.text},
        "metadata": story.metadata,
        "suggestions": [
            {
                "question_id": questions["topic"],
                "value": story.topic,
                "score": story.topic_score,
                "agent": AGENT,
            },
            {
                "question_id": questions["entities"],
                "value": spans,
                "score": [s.score for s in story.spans],
                "agent": AGENT,
            },
        ],
    }
    if story.vector is not None:
        item["vectors"] = {"embedding": story.vector}
    return item


@cache
def _vocabulary() -> tuple[list[str], list[float]]:
    draw = random.Random(0)
    words: dict[str, None] = {}
    while len(words) < WORDS:
        words["".join(draw.choices(SYLLABLES, k=draw.choice((2, 2, 3, 3, 4))))] = None
    return list(words), list(accumulate(1 / (rank + 3) for rank in range(WORDS)))


def _story(
    number: int, draw: random.Random, words: list[str], weights: list[float], vector_size: int
) -> Story:
    text, spans = "", []
    person = f"{draw.choice(words)} {draw.choice(words)}".title()
    organization = f"{draw.choice(words)} Group".title()
    place = f"{draw.choice(words)}ville".title()
    topic = draw.choice(TOPICS)
    named = ((person, "person"), (organization, "organization"), (place, "location"))
    for name, label in named:
        text += " ".join(draw.choices(words, cum_weights=weights, k=draw.randint(6, 20))) + " "
        spans.append(Span(len(text), len(text) + len(name), label, round(draw.random(), 4)))
        text += f"{name} "
    text += " ".join(draw.choices(words, cum_weights=weights, k=draw.randint(6, 20)))
    text += _planted(number)
    metadata = {
        "source": draw.choice(SOURCES),
        "words": len(text.split()),
        "uncertainty": round(draw.random(), 4),
        "desk": f"desk-{draw.randrange(40)}",
        "year": draw.randint(1995, 2026),
    }
    vector = [draw.gauss(0, 1) for _ in range(vector_size)] if vector_size else None
    title = " ".join(draw.choices(words, cum_weights=weights, k=6)).capitalize()
    score = round(draw.random(), 4)
    return Story(f"story-{number}", title, text, topic, score, tuple(spans), metadata, vector)


def _planted(number: int) -> str:
    words = f" {COMMON}" if number % 2 == 0 else ""
    if number % 1000 == 7:
        words += f" {RARE}"
    if number % 100 == 3:
        words += f" the {PHRASE}"
    return f"{words} item{number}."
