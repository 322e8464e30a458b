"""Cells of a file of answers → names and answers, whatever the form of the file.

Ids, annotators and labels may be text or numbers; all are compared as text, also those of lists and
spans, and 3.0 is 3, as pandas writes numbers beside empty cells.
"""

import json
import math
import re
from dataclasses import replace
from typing import Any

from corpus.articles import Span
from corpus.labelled.cells import is_missing, to_spans, to_text, to_topics
from corpus.labelled.lists import labels_in

AnySet = frozenset[Span] | frozenset[str]
WHOLE = re.compile(r"(-?\d+)\.0+")


def to_name(value: Any) -> str:
    """An id, annotator or label as text; empty where there is none."""
    if is_missing(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        # Parquet has text without its mark, too.
        value = value.decode("utf-8", "backslashreplace")
    text = to_text(str(value)).strip()
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text


def to_answer(value: Any, role: str, classes: list[str] | None) -> AnySet | None:
    """What a cell says, as a set; None where it says nothing."""
    if is_missing(value):
        return None
    if role == "spans":
        spans = to_spans(_readable(value), None, classes)
        if spans is None:
            return None
        return frozenset(replace(span, label=to_name(span.label)) for span in spans)
    value = _readable(labels_in(value))
    if isinstance(value, bool | str):
        name = to_name(value)
        return frozenset({name}) if name else None
    topics = to_topics(value, classes)
    return None if topics is None else frozenset(map(to_name, topics))


def _readable(value: Any) -> Any:
    """A list that stands as JSON in a cell, read; labels that are broken numbers, as text."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            # A label may begin with a bracket, too.
            return value
        return _readable(found) if isinstance(found, list) else value
    if isinstance(value, list):
        return [_readable(part) if not isinstance(part, str) else part for part in value]
    if isinstance(value, dict) and "label" in value:
        return {**value, "label": _readable(value["label"])}
    if isinstance(value, float) and math.isfinite(value) and not value.is_integer():
        return str(value)
    return value
