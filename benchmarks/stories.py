"""Made-up news stories, the same for the same seed: no row of any corpus is in them.

Words are drawn by Zipf's law, as in real text: a few English ones stand in every story, most are
made of syllables and stand in hardly any. ``COMMON`` is in every second story, ``PHRASE`` in one
of a hundred, ``RARE`` in one of a thousand.
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
ENGLISH = (
    "the of to and in a for on that said with at by from after its as will new more over week "
    "year officials people company market team plan report city home first two record price "
    "minister season players shares court energy election school water study growth talks "
    "research workers prices deal goal border trade match budget vote series rates storm "
    "doctors data voters police bridge airport harvest satellite museum strike coach "
    "investors profit"
)
SYLLABLES = "ba co di fe gu ha jo ka li me no pu ra se ti vo wa xe yu za"


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
    draw, syllables = random.Random(0), SYLLABLES.split()
    words = dict.fromkeys(ENGLISH.split())
    while len(words) < WORDS:
        words["".join(draw.choices(syllables, k=draw.choice((2, 2, 3, 3, 4))))] = None
    return list(words), list(accumulate(1 / (rank + 3) for rank in range(WORDS)))


def _story(
    number: int, draw: random.Random, words: list[str], weights: list[float], vector_size: int
) -> Story:
    text, spans = "", []
    person = f"{draw.choice(words)} {draw.choice(words)}".title()
    organization = f"{draw.choice(words)} Group".title()
    place = f"{draw.choice(words)}ville".title()
    topic = draw.choice(TOPICS)
    for name, label in ((person, "person"), (organization, "organization"), (place, "location")):
        text += " ".join(_words(draw, words, weights)).capitalize() + " "
        spans.append(Span(len(text), len(text) + len(name), label, round(draw.random(), 4)))
        text += f"{name} {' '.join(_words(draw, words, weights))}. "
    text += _planted(number)
    metadata = {
        "source": draw.choice(SOURCES),
        "words": len(text.split()),
        "uncertainty": round(draw.random(), 4),
        "desk": f"desk-{draw.randrange(40)}",
        "year": draw.randint(1995, 2026),
    }
    vector = [draw.gauss(0, 1) for _ in range(vector_size)] if vector_size else None
    title = " ".join(_words(draw, words, weights)).capitalize()
    score = round(draw.random(), 4)
    return Story(f"story-{number}", title, text, topic, score, tuple(spans), metadata, vector)


def _words(draw: random.Random, words: list[str], weights: list[float]) -> list[str]:
    return draw.choices(words, cum_weights=weights, k=draw.randint(4, 12))


def _planted(number: int) -> str:
    """A last sentence with the words that the benchmarks search for."""
    words = [COMMON] if number % 2 == 0 else []
    if number % 1000 == 7:
        words.append(RARE)
    if number % 100 == 3:
        words.append(PHRASE)
    return f"Item {number} of the {' and '.join([*words, 'wire'])}."
