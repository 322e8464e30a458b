"""How figures of the report are written; each keeps the key of the JSON it comes from.

The marks are those of cards (``publishing.figures``): a number without a key cannot be shown.
"""

from collections.abc import Mapping
from typing import Any

from jinja2 import Undefined

from publishing.figures import Count, Figure, Text, marked

WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
# Of a text that somebody wrote; a longer one is shown by its beginning.
LONG_CHARACTERS = 300
NOTHING = "too few to state"
MONTHS = ["", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def written(value: Any, text: str) -> str:
    """This text for a value, with the key of the value."""
    shown = Text(text)
    shown.key = value.key
    return str(marked(shown))


def count(value: Count) -> str:
    """1,344."""
    return written(value, f"{value:,}")


def words(value: Count) -> str:
    """Three; from eleven on in digits."""
    return written(value, WORDS[value] if value < len(WORDS) else f"{value:,}")


def day(value: Text) -> str:
    """5 May 2031, of an ISO 8601 time."""
    year, month, number = value[:10].split("-")
    return written(value, f"{int(number)} {MONTHS[int(month)]} {year}")


def decimals(value: Mapping[str, Figure] | None, digits: int = 2) -> str:
    """0.91 [0.87, 0.94]."""
    return _interval(value, lambda f: f"{f:.{digits}f}")


def signed(value: Mapping[str, Figure] | None) -> str:
    """+0.182 [+0.125, +0.236]; a nought that is a little below has no minus."""
    return _interval(value, lambda f: f"{round(f, 3) + 0:+.3f}")


def percent(value: Mapping[str, Figure] | None) -> str:
    """7.4 % [5.1, 9.8]."""
    if value is None:
        return NOTHING
    parts = {name: written(f, f"{100 * f:.1f}") for name, f in value.items()}
    return f"{parts['value']} % [{parts['low']}, {parts['high']}]"


def shortened(value: Text) -> Text:
    """Its beginning, on one line: what people write may be as long as a book."""
    line = " ".join(value.split())
    shown = Text(line if len(line) <= LONG_CHARACTERS else f"{line[: LONG_CHARACTERS - 1]}…")
    shown.key = value.key
    return shown


def finalize(value: Any) -> str:
    """What a template writes for any other value; a text on one line, as sentences are."""
    if isinstance(value, Undefined):
        # Raises UndefinedError with the name.
        str(value)
    if isinstance(value, Count):
        return count(value)
    if isinstance(value, Text):
        return written(value, " ".join(value.split()))
    shown: str = marked(value)
    return shown


def shade(part: int, whole: int) -> str:
    """The opacity of a cell that holds this part of its row; faint ones stay visible."""
    return f"{0.08 + 0.72 * part / whole:.2f}" if part else "0"


FILTERS = {
    "shade": shade,
    "capitalized": lambda text: text[:1].upper() + text[1:],
    "count": count,
    "words": words,
    "day": day,
    "decimals": decimals,
    "signed": signed,
    "percent": percent,
    "shortened": shortened,
}


def _interval(value: Mapping[str, Figure] | None, to_text: Any) -> str:
    if value is None:
        return NOTHING
    parts = {name: written(figure, to_text(figure)) for name, figure in value.items()}
    return f"{parts['value']} [{parts['low']}, {parts['high']}]"
