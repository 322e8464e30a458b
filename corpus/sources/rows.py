"""One row of any source → one Article, with labels mapped and spans checked."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from corpus.articles import Article, Span, content_id, without_overlaps
from corpus.errors import DeskError
from corpus.labelled.cells import CellError
from corpus.labelled.lists import labels_in
from corpus.settings.labels import LabelSettings
from corpus.settings.source import SourceSettings

Row = Mapping[str | int, Any]


class RowError(ValueError):
    """A row that cannot become an article; ``reason`` is what the account counts."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        super().__init__(f"{reason}: {detail}" if detail else reason)


def source_name(source: SourceSettings) -> str:
    """The file's name or the Hub data set; a folder of this machine is nobody's business."""
    is_file = Path(source.path).suffix or source.format not in ("auto", "hub")
    return Path(source.path).name if is_file else source.path


class RowReader:
    """Reads rows by the desk's columns; remembers the schema and mappings it reads by.

    ``repairs`` counts what was changed in rows that became articles.
    """

    def __init__(self, source: SourceSettings, labels: LabelSettings) -> None:
        self.source = source
        self.name = source_name(source)
        self.several = labels.several_topics
        self.topics = {**{t: t for t in labels.topics}, **source.topic_values}
        self.repairs: Counter[str] = Counter()
        self.overlapping = labels.overlapping
        self.entities = {**{e: e for e in labels.entities}, **source.entity_values}

    def to_article(self, row: Row, number: int) -> Article:
        """One article. Raises RowError for a row to skip, DeskError for a wrong desk."""
        columns = self.source.columns
        names = columns.text if isinstance(columns.text, list) else [columns.text]
        text = "\n".join(part for part in (self._text(row, n) for n in names) if part)
        if not text.strip():
            raise RowError("no text", f"column {columns.text!r}")
        title = self._text(row, columns.title)
        return Article(
            id=content_id(text, title),
            text=text,
            title=title,
            source=self.name,
            published_at=self._text(row, columns.published_at),
            topic=None if self.several else self._topic(row, number),
            topics=self._topics(row, number) if self.several else None,
            spans=self._spans(row, text, number),
            source_split=self._text(row, columns.split) or None,
            license=self._text(row, columns.license) or self.source.license,
        )

    def _cell(self, row: Row, column: str | int | None) -> Any:
        if column is None:
            return None
        if column not in row:
            known = ", ".join(repr(name) for name in row)
            raise DeskError(
                f"Source {self.source.path!r} has no column {column!r} (it has: {known}).",
                "Correct source.columns in the desk.",
            )
        value = row[column]
        return None if isinstance(value, float) and math.isnan(value) else value

    def _text(self, row: Row, column: str | int | None) -> str:
        value = self._cell(row, column)
        if value is None:
            return ""
        if isinstance(value, bytes | list | dict):
            raise RowError("not a text", f"column {column!r} holds {type(value).__name__}")
        if isinstance(value, datetime | date):
            return value.isoformat()
        text = str(value)
        if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
            raise RowError("broken characters", f"column {column!r} holds a lone surrogate")
        # Argilla's database and the Hub's JSON both stop at NUL.
        return text.replace("\x00", "")

    def _topic(self, row: Row, number: int) -> str | None:
        value = self._cell(row, self.source.columns.topic)
        if value is None or value == "" or not self.topics:
            return None
        if isinstance(value, list):
            raise DeskError(
                f"{self.source.path} row {number}: {value!r} are several topics, the desk asks for "
                "one.",
                "Set labels.several_topics to true, or name another column in source.columns.",
            )
        return self._mapped(str(value), self.topics, number, "topic")

    def _topics(self, row: Row, number: int) -> tuple[str, ...] | None:
        """Sorted, each once. A cell of a CSV may hold one topic, or a list as JSON."""
        value = self._cell(row, self.source.columns.topic)
        if value is None or value == "" or not self.topics:
            return None
        try:
            value = labels_in(value)
        except CellError as error:
            raise RowError("topics cannot be read", f"{error}; {error.rule}") from error
        named = value if isinstance(value, list) else [value]
        found = {self._mapped(str(name), self.topics, number, "topic") for name in named}
        return tuple(sorted(name for name in found if name is not None))

    def _spans(self, row: Row, text: str, number: int) -> tuple[Span, ...] | None:
        value = self._cell(row, self.source.columns.spans)
        if value is None or value == "" or not self.entities:
            return None
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise RowError("spans are not JSON", str(error)) from error
        if not isinstance(value, list):
            raise RowError("spans are not a list", type(value).__name__)
        read = (self._span(item, text, number) for item in value)
        spans = {span for span in read if span is not None}
        # Unless the question takes overlaps, neither suggestions nor answers can have any.
        kept = sorted(spans) if self.overlapping else without_overlaps(spans)
        self.repairs["overlapping span dropped"] += len(spans) - len(kept)
        return tuple(kept)

    def _span(self, item: Any, text: str, number: int) -> Span | None:
        try:
            start, end, label = int(item["start"]), int(item["end"]), str(item["label"])
        except (KeyError, TypeError, ValueError) as error:
            raise DeskError(
                f"{self.source.path} row {number}: span {item!r} lacks start, end or label.",
                'Write spans as [{"start": 0, "end": 5, "label": "person"}] in code points.',
            ) from error
        mention = text[start:end] if 0 <= start < end <= len(text) else None
        said = item.get("text")
        if mention is None or (said is not None and said != mention):
            raise DeskError(
                f"{self.source.path} row {number}: span {start}-{end} ({label}) says {said!r}, "
                f"but the text of {len(text)} code points has {mention!r} there.",
                "Count offsets in code points of source.columns.text, end exclusive.",
            )
        kept = self._mapped(label, self.entities, number, "entity")
        return None if kept is None else Span(start, end, kept)

    def _mapped(
        self, value: str, known: Mapping[str, str | None], number: int, kind: str
    ) -> str | None:
        if value in known:
            return known[value]
        schema = "topics" if kind == "topic" else "entities"
        raise DeskError(
            f"{self.source.path} row {number}: {kind} {value!r} is not in the schema "
            f"({', '.join(known)}).",
            f"Add it to labels.{schema}, or map it in source.{kind}_values (null drops it).",
        )
