"""A text as Argilla stores it, so that its UI shows it as it is and lets all of it be marked.

Measured on argilla-server 2.8.0. Its UI puts fields into the page as HTML: a tag in an article
disappears (or runs: ``<img onerror=…>``), ``&amp;`` is shown as ``&``, and every span marked behind
them is shifted. So what a browser would read as HTML is stored as ``&#60;`` or ``&#38;``; ``AT&T``
and ``3 < 4`` stay as they are, and search finds them. Its server takes no span that ends behind
the stored text's number of code points, and the UI counts two for an emoji: a text with emoji gets
so many hair spaces at its end that a span at its end is taken, too.
"""

import html
import re

TAG = re.compile(r"<(?=[A-Za-z/!?])")
# What a browser may take for a character reference, "&copy=1" in an address as well.
REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[^\t\n\f <&#;]{1,32});?")
ESCAPED = re.compile("&#(38|60);")
PADDING = "\u200a"


def to_shown(text: str) -> str:
    """The text for a field of a record; ``from_shown`` gives it back."""
    escaped = _escaped(text)
    return escaped + PADDING * _missing(text, escaped)


def from_shown(stored: str) -> str:
    """The text of a field of a record. One stored before this rule stays as it is."""
    body = stored.rstrip(PADDING)
    missing = _missing(_unescaped(body), body)
    padded = len(stored) - len(body) >= missing
    return _unescaped(stored[: len(stored) - missing] if padded else stored)


def units_shown(text: str) -> int:
    """How long a text is for the UI: UTF-16 units, and one for a line break of Windows."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 - text.count("\r\n")


def positions(stored: str) -> list[int]:
    """For each position in a stored text, and its end, the position in the text itself."""
    found: list[int] = []
    shift = 0
    for escaped in ESCAPED.finditer(stored):
        first = escaped.start() - shift
        found += range(len(found) - shift, first)
        found += [first] * len(escaped[0])
        shift += len(escaped[0]) - 1
    found += range(len(found) - shift, len(stored) - shift + 1)
    size = len(from_shown(stored))
    return [min(position, size) for position in found]


def _escaped(text: str) -> str:
    if "&" in text:
        text = REFERENCE.sub(_escaped_reference, text)
    return TAG.sub("&#60;", text)


def _escaped_reference(found: re.Match[str]) -> str:
    reference = found[0]
    return reference if html.unescape(reference) == reference else f"&#38;{reference[1:]}"


def _unescaped(stored: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1])), stored)


def _missing(text: str, stored: str) -> int:
    """How many code points the stored text is shorter than the UI counts."""
    return max(0, units_shown(text) - len(stored))
