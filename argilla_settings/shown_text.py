"""A text as Argilla stores it, so that its UI shows it as it is.

Measured on the UI of argilla-server 2.8.0: it puts fields into the page as HTML. A tag in an
article disappears (or runs: ``<img onerror=…>``), ``&amp;`` is shown as ``&``, and every span marked
behind them is shifted. So what a browser would read as HTML is stored as ``&#60;`` or ``&#38;``, and
nothing else changes: ``AT&T`` and ``3 < 4`` stay, and search finds them.
"""

import html
import re

TAG = re.compile(r"<(?=[A-Za-z/!?])")
# What a browser may take for a character reference, "&copy=1" in an address as well.
REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[^\t\n\f <&#;]{1,32});?")
ESCAPED = re.compile("&#(38|60);")


def to_shown(text: str) -> str:
    """The text for a field of a record; ``from_shown`` gives it back."""
    if "&" in text:
        text = REFERENCE.sub(_escaped, text)
    return TAG.sub("&#60;", text)


def from_shown(stored: str) -> str:
    """The text of a field of a record. One stored before this rule stays as it is."""
    return ESCAPED.sub(lambda found: chr(int(found[1])), stored)


def positions(stored: str) -> list[int]:
    """For each position in a stored text, and its end, the position in the text itself."""
    found: list[int] = []
    shift = 0
    for escaped in ESCAPED.finditer(stored):
        first = escaped.start() - shift
        found += range(len(found) - shift, first)
        found += [first] * len(escaped[0])
        shift += len(escaped[0]) - 1
    return [*found, *range(len(found) - shift, len(stored) - shift + 1)]


def _escaped(found: re.Match[str]) -> str:
    reference = found[0]
    return reference if html.unescape(reference) == reference else f"&#38;{reference[1:]}"
