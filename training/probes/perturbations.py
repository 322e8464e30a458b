"""The same text as careless senders write it; spans move with their letters."""

import random
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate

from corpus.articles import Span

# A share of the words that are long enough to be misspelt and still be read.
TYPO_SHARE, TYPO_LETTERS = 0.1, 4

UNCHANGED = "unchanged"

# Each code point of a text → what stands in its place.
Pieces = list[str]


@dataclass(frozen=True, slots=True)
class Changed:
    """A changed text; ``positions`` gives the new place of each old offset, and of the end."""

    text: str
    positions: tuple[int, ...]

    def moved(self, spans: Iterable[Span]) -> tuple[Span, ...]:
        """The spans in the changed text; one of which nothing is left is gone."""
        found = (Span(self.positions[s.start], self.positions[s.end], s.label) for s in spans)
        return tuple(span for span in found if span.start < span.end)


def lower(text: str, draw: random.Random) -> Pieces:
    """All in lower case."""
    return [c.lower() for c in text]


def upper(text: str, draw: random.Random) -> Pieces:
    """All in upper case."""
    return [c.upper() for c in text]


def without_punctuation(text: str, draw: random.Random) -> Pieces:
    """No full stop, comma, hyphen, bracket, quotation mark."""
    return ["" if unicodedata.category(c).startswith("P") else c for c in text]


def typos(text: str, draw: random.Random) -> Pieces:
    """In one of ten words two inner letters change places or one is missing."""
    pieces = list(text)
    for start, end in _words(text):
        if end - start < TYPO_LETTERS or draw.random() >= TYPO_SHARE:
            continue
        at = draw.randrange(start + 1, end - 1)
        if draw.random() < 0.5:
            pieces[at] = ""
        else:
            pieces[at], pieces[at + 1] = pieces[at + 1], pieces[at]
    return pieces


PERTURBATIONS: dict[str, Callable[[str, random.Random], Pieces]] = {
    "lower case": lower,
    "upper case": upper,
    "typos": typos,
    "no punctuation": without_punctuation,
}


def change(text: str, name: str, key: str) -> Changed:
    """Apply one of PERTURBATIONS (UNCHANGED: none); the same key gives the same change."""
    if name == UNCHANGED:
        return Changed(text, tuple(range(len(text) + 1)))
    pieces = PERTURBATIONS[name](text, random.Random(f"{key}/{name}"))
    return Changed("".join(pieces), (0, *accumulate(map(len, pieces))))


def _words(text: str) -> list[tuple[int, int]]:
    """Runs of letters."""
    runs, start = [], None
    for i, c in enumerate(f"{text} "):
        if c.isalpha():
            start = i if start is None else start
        elif start is not None:
            runs.append((start, i))
            start = None
    return runs
