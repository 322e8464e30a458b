"""Spans as tags of tokens, of the published configuration for token classification."""

import random
import re

import pytest

from corpus.articles import Span
from publishing.dataset import to_iob2


@pytest.mark.parametrize(
    ("text", "spans", "tags"),
    [
        ("Ada-Obi ran", [Span(0, 7, "person")], ["B-person", "I-person", "I-person", "O"]),
        ("Obis ran", [Span(0, 3, "person")], ["B-person", "O"]),
        ("Ada Bo", [Span(0, 3, "person"), Span(4, 6, "person")], ["B-person", "B-person"]),
        ("Ada Bo", [Span(0, 3, "person"), Span(0, 6, "event")], ["B-event", "I-event"]),
        ("Adabo", [Span(0, 2, "person"), Span(2, 5, "event")], ["B-event"]),
        ("", [], []),
    ],
)
def test_iob2(text: str, spans: list[Span], tags: list[str]) -> None:
    assert to_iob2(text, spans)[1] == tags


def test_iob2_is_what_asking_every_span_of_every_token_gives() -> None:
    dice = random.Random(5)
    for _ in range(300):
        text = "".join(dice.choices("ab -", k=30))
        starts = [dice.randrange(29) for _ in range(dice.randrange(8))]
        spans = [Span(s, min(30, s + dice.randrange(1, 6)), dice.choice("xy")) for s in starts]
        kept: list[Span] = []
        for span in sorted(spans, key=lambda s: (s.start - s.end, s.start)):
            if all(span.end <= k.start or span.start >= k.end for k in kept):
                kept.append(span)
        expected, before = [], None
        for token in re.finditer(r"\w+|[^\w\s]", text):
            found = (k for k in kept if k.start < token.end() and token.start() < k.end)
            inside = next(found, None)
            mark = "I" if inside is before else "B"
            expected.append("O" if inside is None else f"{mark}-{inside.label}")
            before = inside
        assert to_iob2(text, spans)[1] == expected
