"""Votes of made-up annotators, whose errors are known."""

import random
from collections.abc import Sequence

from corpus.articles import Span
from corpus.votes.vote import Vote

LABELS = ("World", "Sports", "Business")
ADA, BO, CY = Span(0, 3, "person"), Span(8, 10, "person"), Span(12, 20, "event")


def noisy(
    items: int, reliability: Sequence[float], seed: int = 1, missing: float = 0.0
) -> tuple[list[Vote[str]], dict[str, str]]:
    """Each annotator is right with their own probability, else chooses another label evenly."""
    dice = random.Random(seed)
    truth = {f"i{n:04d}": dice.choice(LABELS) for n in range(items)}
    votes = [
        Vote(
            item,
            f"a{who}",
            true if dice.random() < right else dice.choice([x for x in LABELS if x != true]),
        )
        for item, true in truth.items()
        for who, right in enumerate(reliability)
        if dice.random() >= missing
    ]
    return votes, truth


def marks(item: str, annotator: str, *spans: Span, question: str = "") -> Vote[frozenset[Span]]:
    return Vote(item, annotator, frozenset(spans), question)
