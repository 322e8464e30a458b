"""Code points ↔ the offsets of Argilla's UI, which counts UTF-16 units as browsers do.

The two differ behind an emoji and every other character above U+FFFF. Measured on the UI of
argilla-server 2.8.0: spans marked there come back in UTF-16 units, and suggestions are drawn at
UTF-16 units. Scripts that answer by the SDK count as Python does, so a set of spans that only
makes sense in code points is read as such.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

WORD = re.compile(r"\w")

Range = tuple[int, int]


def to_utf16(text: str, ranges: Sequence[Range]) -> list[Range]:
    """Half-open ranges of code points as ranges of UTF-16 units."""
    if text.isascii():
        return list(ranges)
    units = _units(text)
    return [(units[start], units[end]) for start, end in ranges]


def from_argilla(text: str, ranges: Sequence[Range]) -> list[Range]:
    """Ranges as Argilla holds them, as code points.

    They are UTF-16 units, unless fewer of their edges fall between words than when read as code
    points: then a script wrote them. In a text without characters above U+FFFF both are the same.
    """
    units = _units(text)
    if units[-1] == len(text):
        return list(ranges)
    found = [(bisect_left(units, start), bisect_left(units, end)) for start, end in ranges]
    exact = all(
        end <= units[-1] and units[s] == start and units[e] == end
        for (start, end), (s, e) in zip(ranges, found, strict=True)
    )
    if not exact:
        return list(ranges)
    return found if _clean_edges(text, found) >= _clean_edges(text, ranges) else list(ranges)


def _units(text: str) -> list[int]:
    """Position in UTF-16 units of each code point, and of the end."""
    return [0, *accumulate(2 if ord(char) > 0xFFFF else 1 for char in text)]


def _clean_edges(text: str, ranges: Sequence[Range]) -> int:
    """How many edges lie between words and touch no white space inside."""
    return sum(
        _is_clean(text, start, text[start : start + 1]) + _is_clean(text, end, text[end - 1 : end])
        for start, end in ranges
    )


def _is_clean(text: str, edge: int, inside: str) -> bool:
    between = text[max(edge - 1, 0) : edge + 1]
    splits_word = len(between) == 2 and all(WORD.match(char) for char in between)
    return bool(inside) and not inside.isspace() and not splits_word
