"""Where words and characters end: what a mention may begin and end with.

A character is what a reader takes for one (a grapheme cluster, UAX 29): a letter with its marks, an
emoji of several code points, CR with LF.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import regex

from corpus.articles import ScoredSpan

CLUSTER = regex.compile(r"\X")
# A word of a script with upper and lower case, whose words have blanks between them; of any other
# script a character. Both with all that belongs to their last letter.
WORD = regex.compile(r"(?:(?=[\p{Lu}\p{Ll}\p{Lt}\p{Nd}])\X)+|(?!\s)\X")
ASCII_WORD = re.compile(r"[A-Za-z0-9]+|\S")
# Code points to look back for a place where a character surely begins: flags pair from there.
LONGEST_RUN = 256


class Word(NamedTuple):
    """Code points ``start`` to ``end`` (exclusive) of a text; ``gap`` is what stands before it:
    nothing, a blank, or "\\n" for an empty line, which no name goes over.
    """

    text: str
    gap: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """All that is not white space, in text order."""
    found: list[Word] = []
    at = 0
    for match in (ASCII_WORD if text.isascii() else WORD).finditer(text):
        start, end = match.span()
        gap = "" if start == at else "\n" if text.count("\n", at, start) > 1 else " "
        found.append(Word(match[0], gap, start, end))
        at = end
    return found


def whole_span(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span inside the text, with whole characters at both ends and no white space around it.

    None where nothing is left.
    """
    start, end = max(start, 0), min(end, len(text))
    if start >= end:
        return None
    if not text.isascii():
        seen = [(s, e) for s, e in _characters(text, start, end) if not text[s].isspace()]
        return (seen[0][0], seen[-1][1]) if seen else None
    inner = text[start:end].strip()
    if not inner:
        return None
    start = text.index(inner[0], start)
    return start, start + len(inner)


def _characters(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Those that a span touches; counted from a place that is no part of a character before."""
    at = max(start - 1, 0)
    while at > max(start - LONGEST_RUN, 0) and not text[at].isascii():
        at -= 1
    for match in CLUSTER.finditer(text, at):
        if match.start() >= end:
            return
        if match.end() > start:
            yield match.span()


def whole_spans(text: str, spans: Sequence[ScoredSpan]) -> tuple[ScoredSpan, ...]:
    """Each as ``whole_span`` leaves it, its score in [0, 1]; what is empty then is left out."""
    found = []
    for span in spans:
        edges = whole_span(text, span.start, span.end)
        if edges is not None:
            score = min(max(span.score, 0.0), 1.0)
            found.append(replace(span, start=edges[0], end=edges[1], score=score))
    return tuple(found)


def distinct(spans: Sequence[ScoredSpan]) -> tuple[ScoredSpan, ...]:
    """Each place and type once, the surest of it, in text order; others may overlap it."""
    surest = {span.span(): span for span in sorted(spans, key=lambda s: s.score)}
    return tuple(surest[span] for span in sorted(surest))


def apart(spans: Sequence[ScoredSpan]) -> tuple[ScoredSpan, ...]:
    """Without overlaps, in text order: the surer of two stays, then the longer, then the first."""
    ordered = sorted(spans, key=lambda s: (s.start, s.end))
    if all(one.end <= other.start for one, other in pairwise(ordered)):
        return tuple(ordered)
    kept: list[ScoredSpan] = []
    for span in sorted(spans, key=lambda s: (-s.score, s.start - s.end, s.start)):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return tuple(sorted(kept, key=lambda s: s.start))
