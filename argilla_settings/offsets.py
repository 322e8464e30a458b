"""Code points ↔ the offsets of Argilla's UI, which counts what the browser shows, in UTF-16 units.

The two differ behind an emoji and every other character above U+FFFF (two units), and behind every
line break of Windows (one unit: the browser reads CR LF as LF). Measured on the UI of
argilla-server 2.8.0: spans marked there come back in these units, and suggestions are drawn at
them. Scripts that answer by the SDK count as Python does, in the text as Argilla stores it
(``shown_text``), so a set of spans that makes sense only so is read so.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from argilla_settings.shown_text import positions, to_shown

WORD = re.compile(r"\w")
# Thai to Myanmar, Khmer, Kana, Hangul, Han: words stand without blanks, or take endings, so that an
# edge between two letters says nothing.
UNSPACED = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
# Where a browser's unit is not a code point.
UNEVEN = re.compile("\r\n|[\U00010000-\U0010ffff]")

Range = tuple[int, int]


def to_utf16(text: str, ranges: Sequence[Range]) -> list[Range]:
    """Half-open ranges of code points as ranges of the UI's units."""
    if not UNEVEN.search(text):
        return list(ranges)
    units = _units(text)
    return [(units[start], units[end]) for start, end in ranges]


def from_argilla(text: str, ranges: Sequence[Range]) -> list[Range]:
    """Ranges of an answer as Argilla holds them, as code points.

    They are the UI's units, unless these cut words or characters and another reading, of code
    points, has words at every edge: then a script wrote them.
    """
    stored = to_shown(text)
    if stored == text and not UNEVEN.search(text):
        return list(ranges)
    by_ui = _from_units(text, ranges)
    of_scripts = [r for r in (_from_stored(stored, ranges), list(ranges)) if r is not None]
    if by_ui is None:
        return max(of_scripts, key=lambda reading: _clean_edges(text, reading))
    if _all_clean(text, by_ui):
        return by_ui
    return next((reading for reading in of_scripts if _all_clean(text, reading)), by_ui)


def from_ui(text: str, ranges: Sequence[Range]) -> list[Range]:
    """Ranges that ``to_utf16`` made, as code points; those of a script where they cannot be."""
    by_ui = _from_units(text, ranges)
    return from_argilla(text, ranges) if by_ui is None else by_ui


def _from_units(text: str, ranges: Sequence[Range]) -> list[Range] | None:
    """None where a range cuts a character in two."""
    units = _units(text)
    # What was marked of the padding behind the text.
    cut = [(min(start, units[-1]), min(end, units[-1])) for start, end in ranges]
    found = [(bisect_left(units, start), bisect_left(units, end)) for start, end in cut]
    exact = all(
        units[s] == start and units[e] == end
        for (start, end), (s, e) in zip(cut, found, strict=True)
    )
    return found if exact else None


def _from_stored(stored: str, ranges: Sequence[Range]) -> list[Range] | None:
    """None where a range ends behind the text."""
    found = positions(stored)
    if any(end >= len(found) for _, end in ranges):
        return None
    return [(found[start], found[end]) for start, end in ranges]


def _units(text: str) -> list[int]:
    """Position in the UI's units of each code point, and of the end."""
    # Of an empty text there is nothing to pair.
    followed = zip(text, f"{text[1:]}.", strict=False)
    return [0, *accumulate(_width(char, after) for char, after in followed)]


def _width(char: str, after: str) -> int:
    if char == "\r" and after == "\n":
        return 0
    return 2 if ord(char) > 0xFFFF else 1


def _clean_edges(text: str, ranges: Sequence[Range]) -> int:
    """How many edges lie between words and touch no white space inside."""
    return sum(
        _is_clean(text, start, text[start : start + 1]) + _is_clean(text, end, text[end - 1 : end])
        for start, end in ranges
    )


def _all_clean(text: str, ranges: Sequence[Range]) -> bool:
    return _clean_edges(text, ranges) == 2 * len(ranges)


def _is_clean(text: str, edge: int, inside: str) -> bool:
    between = text[max(edge - 1, 0) : edge + 1]
    splits_word = len(between) == 2 and all(
        WORD.match(char) and not UNSPACED.match(char) for char in between
    )
    return bool(inside) and not inside.isspace() and not splits_word
