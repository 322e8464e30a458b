"""Figures of a card: each value a template shows carries the key of the manifest it stands under.

Arithmetic on a value gives a plain number without a key, and a plain number cannot be shown:
what a card says is what the manifest says. Keys are JSON pointers (RFC 6901).
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from corpus.errors import DeskError

START, MIDDLE, END = "\ue000", "\ue001", "\ue002"
_MARK = re.compile(f"{START}([^{MIDDLE}]*){MIDDLE}([^{END}]*){END}")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w])")
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\([^)]*\)")
_BIBTEX = str.maketrans(
    {sign: f"\\{sign}" for sign in "{}%#&_$"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)


class Count(int):
    """A whole number of the manifest."""

    key: str


class Figure(float):
    """A fraction of the manifest."""

    key: str


class Text(str):
    """A text of the manifest."""

    key: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as a card shows it, and where the manifest holds it."""

    key: str
    text: str


def keyed(value: Any, key: str = "") -> Any:
    """The same value, every leaf with its key: ``/scores/labels/Sports/f1/value``.

    The names of a mapping carry the key of what stands under them and a ``#``.
    """
    if isinstance(value, Mapping):
        pairs = [(name, f"{key}/{_escaped(name)}", inner) for name, inner in value.items()]
        return {_leaf(Text, _clean(n), f"{at}#"): keyed(inner, at) for n, at, inner in pairs}
    if isinstance(value, list | tuple):
        return [keyed(inner, f"{key}/{i}") for i, inner in enumerate(value)]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _leaf(Text, _clean(value), key)
    return _leaf(Count if isinstance(value, int) else Figure, value, key)


def marked(value: Any) -> Any:
    """What a template writes for a value: its text between marks, with the key.

    Raises DeskError for a number that comes from no manifest or was not measured (nan), and for
    nothing at all.
    """
    if isinstance(value, Figure) and math.isfinite(value):
        return _mark(value.key, f"{value:.3f}")
    if isinstance(value, Count | Text):
        return _mark(value.key, str(value))
    if isinstance(value, str):
        return value
    raise DeskError(
        f"A card would show {value!r} (key {getattr(value, 'key', 'none')}), which is no figure of "
        "its manifest.",
        "Run copydesk score, then copydesk publish; or mend the template.",
    )


def interval(value: Mapping[str, Figure] | None) -> str:
    """``0.912 [0.871, 0.946]``; a dash where it was not measured."""
    if value is None:
        return "–"
    low, high = marked(value["low"]), marked(value["high"])
    return f"{marked(value['value'])} [{low}, {high}]"


def cell(value: Any) -> str:
    """A value inside a table or a line: one line, no bar that would end the cell."""
    if not isinstance(value, Text):
        return str(marked(value))
    return _mark(value.key, " ".join(value.replace("|", "\\|").split()))


def bibtex(value: Text) -> str:
    """A value inside braces of a BibTeX entry, on one line."""
    return _mark(value.key, " ".join(value.translate(_BIBTEX).split()))


def listed(values: Sequence[Any], quote: str = "") -> str:
    """Values in a row, each between ``quote`` signs."""
    return ", ".join(f"{quote}{marked(value)}{quote}" for value in values)


def grouped(value: Count) -> str:
    """A large whole number with its thousands apart: 14,853,888."""
    return _mark(value.key, f"{value:,}")


def day(value: Text) -> str:
    """The day of an ISO 8601 time."""
    return _mark(value.key, value[:10])


def year(value: Text) -> str:
    """The year of an ISO 8601 time; "n.d." where there is none, as in bibliographies."""
    return _mark(value.key, value[:4] or "n.d.")


def plain(value: Any) -> str:
    """A setting as it was set: 2e-05 stays 2e-05."""
    if isinstance(value, bool) or value is None:
        return "yes" if value else "no"
    return _mark(value.key, f"{value:g}") if isinstance(value, Figure) else cell(value)


def address(value: Text) -> str:
    """A text as it stands between quotes in an address of the Hub's viewer."""
    return _mark(value.key, quote(value.replace("'", "''"), safe=""))


def literal(value: Text) -> str:
    """A text as Python code writes it; only within code, where no mark stands."""
    return _mark(value.key, json.dumps(str(value), ensure_ascii=False))


def quoted(value: Text) -> str:
    """A text of several lines as a Markdown quotation, so that its headings stay its own."""
    lines = [f"> {line}".rstrip() for line in value.strip().splitlines()]
    return _mark(value.key, "\n".join(lines))


def shown_figures(draft: str) -> list[Shown]:
    """Every value that a draft shows, in the order of the page."""
    return [Shown(key, text) for key, text in _MARK.findall(draft)]


def require_keys(draft: str) -> None:
    """DeskError for a number that stands in the template itself.

    Numbers inside code, links, names (F1, IOB2) and version strings are not claims.
    """
    static = _LINK.sub("]", _CODE.sub("", without_values(draft)))
    number = _NUMBER.search(static)
    if number:
        raise DeskError(
            f"A card shows {number[0]}, which stands under no key of its manifest.",
            "Numbers in cards come from the manifest only: mend the template.",
        )


def without_values(draft: str) -> str:
    """What the template itself says."""
    return _MARK.sub("", draft)


def without_marks(draft: str) -> str:
    """The text that people read."""
    return _MARK.sub(r"\2", draft)


def _mark(key: str, text: str) -> str:
    return f"{START}{key}{MIDDLE}{text}{END}"


def _leaf(kind: Any, value: Any, key: str) -> Any:
    leaf = kind(value)
    leaf.key = key
    return leaf


def _escaped(name: str) -> str:
    return _bare(str(name)).replace("~", "~0").replace("/", "~1")


def _clean(text: str) -> str:
    """No value opens a comment: those of a card are the marks of what people wrote."""
    return _bare(text).replace("<!--", "&lt;!--")


def _bare(text: str) -> str:
    return re.sub(f"[{START}{MIDDLE}{END}]", "", text)
