"""Cells of any file → texts, topics, spans, splits; what cannot be one is said by its rule."""

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from corpus.articles import Span, Split

SPLITS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
}
SURROGATE = re.compile("[\ud800-\udfff]")
SPANS_RULE = (
    'spans are a list of {"start": 0, "end": 5, "label": "…"}, offsets in code points of the '
    "text, end exclusive"
)


class CellError(ValueError):
    """A cell that breaks a rule. The message says what stands there, ``rule`` what should."""

    def __init__(self, problem: str, rule: str) -> None:
        self.rule = rule
        super().__init__(problem)


def is_missing(value: Any) -> bool:
    """None, NaN and empty text: the row says nothing here."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def to_text(value: Any) -> str:
    """A text, empty where the cell is. A lone surrogate becomes U+FFFD, which moves no offset."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if not isinstance(value, str):
        raise CellError(f"{cell_shown(value)} is {_kind(value)}", "a text column holds text only")
    return SURROGATE.sub("\ufffd", value)


def to_split(value: Any) -> Split:
    """train, validation or test, by any of their usual names."""
    found = SPLITS.get(str(value).strip().lower())
    if found is None:
        raise CellError(f"split {value!r} is not known", f"splits are {', '.join(SPLITS)}")
    return found


def topic_kind(value: Any) -> str:
    """What kind of label the cell holds: all rows of a file must hold the same."""
    value = _plain(value)
    if isinstance(value, str):
        return "list" if value.lstrip().startswith("[") else "text"
    if isinstance(value, list):
        return "list"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CellError(
            f"topic {cell_shown(value)} is {_kind(value)}", "a topic is text or a number"
        )
    return "number"


def to_topics(value: Any, names: Sequence[str] | None) -> tuple[str, ...] | None:
    """One topic or several; None where there is none. Numbers are names of classes, or as text."""
    if is_missing(value):
        return None
    value = _plain(value)
    if topic_kind(value) != "list":
        topic = _label(value, names)
        return None if topic is None else (topic,)
    items = _from_json(value, 'a list of topics is JSON, for example ["Sports"]')
    found = [_label(_plain(item), names) for item in items if not is_missing(item)]
    return tuple(dict.fromkeys(topic for topic in found if topic is not None))


def to_spans(value: Any, text: str | None, names: Sequence[str] | None) -> tuple[Span, ...] | None:
    """Spans in text order, each once; None where nobody looked for any (an empty list: none).

    Without a text nothing tells whether they lie inside it.
    """
    if is_missing(value):
        return None
    items = _from_json(_plain(value), SPANS_RULE)
    return tuple(sorted({_span(item, text, names) for item in items}))


def _from_json(value: Any, rule: str) -> list[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise CellError(f"{cell_shown(value)} is not JSON ({error})", rule) from error
    if isinstance(value, dict):
        value = _rows_of(value, rule)
    if not isinstance(value, list):
        raise CellError(f"{cell_shown(value)} is {_kind(value)}, not a list", rule)
    return value


def _rows_of(columns: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    """A dictionary of lists, as `datasets` wrote lists of dictionaries once, turned round."""
    lists = {key: _plain(value) for key, value in columns.items()}
    if not all(isinstance(value, list) for value in lists.values()):
        raise CellError(f"{cell_shown(columns)} is one object, not a list", rule)
    if len({len(value) for value in lists.values()}) > 1:
        raise CellError(f"{cell_shown(columns)} has lists of different lengths", rule)
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _span(item: Any, text: str | None, names: Sequence[str] | None) -> Span:
    if not isinstance(item, dict) or not {"start", "end", "label"} <= set(item):
        raise CellError(f"span {cell_shown(item)} lacks start, end or label", SPANS_RULE)
    start, end = _offset(item, "start"), _offset(item, "end")
    label = None if is_missing(item["label"]) else _label(_plain(item["label"]), names)
    if label is None:
        raise CellError(f"span {cell_shown(item)} has no label", SPANS_RULE)
    shown = f"span {start}-{end} ({label})"
    if start < 0 or (text is not None and end > len(text)):
        size = "" if text is None else f" of {len(text)} code points"
        raise CellError(f"{shown} is outside the text{size}", SPANS_RULE)
    if end <= start:
        raise CellError(f"{shown} holds no character", SPANS_RULE)
    said = item.get("text")
    if text is not None and isinstance(said, str) and said != text[start:end]:
        raise CellError(
            f"{shown} says {said!r}, but the text has {text[start:end]!r}",
            SPANS_RULE,
        )
    return Span(start, end, label)


def _offset(item: dict[str, Any], key: str) -> int:
    value = _plain(item[key])
    if not _is_whole(value):
        raise CellError(f"span {cell_shown(item)}: {key} is not a whole number", SPANS_RULE)
    return int(value)


def _label(value: Any, names: Sequence[str] | None) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if not _is_whole(value):
        raise CellError(
            f"label {cell_shown(value)} is {_kind(value)}", "a label is text or a number"
        )
    number = int(value)
    if names is None:
        return str(number)
    if number >= len(names):
        raise CellError(f"class {number} has no name", f"the file names classes 0-{len(names) - 1}")
    # `datasets` writes -1 for rows without label.
    return names[number] if number >= 0 else None


def _is_whole(value: Any) -> bool:
    """Also 3.0, as which pandas keeps 3 beside an empty cell; neither nan nor infinity."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _plain(value: Any) -> Any:
    """Of arrays and scalars of numpy what Python has for it."""
    return value.tolist() if hasattr(value, "tolist") else value


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"of type {type(value).__name__}"


def cell_shown(value: Any) -> str:
    """The beginning of what a cell holds, for a message."""
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"
