"""What the stock engine would answer, in plain Python over Argilla's own rows.

Written from argilla_server/search_engine/commons.py: its mappings say what a value becomes in
Elasticsearch, its queries what is asked of it.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.embedded.engine_properties.dates import date_matches
from tests.embedded.engine_properties.schema import Made
from tests.embedded.engine_properties.server import read_database

Json = dict[str, Any]


def keyword(value: Any) -> str:
    """A value in a field of type keyword."""
    return value if isinstance(value, str) else json.dumps(value)


def float32(value: Any) -> float:
    """A number in a field of type float."""
    found: float = struct.unpack("f", struct.pack("f", float(value)))[0]
    return found


def whole(value: Any) -> int:
    """A number in a field of type integer or long."""
    return int(value)


Cast = Callable[[Any], Any]


@dataclass(frozen=True)
class Document:
    """A record as Elasticsearch holds it; every value is a list."""

    id: str
    own: dict[str, Any]
    fields: Json
    metadata: dict[str, list[Any]]
    suggestions: dict[tuple[str, str], list[Any]]
    responses: list[Json]
    vector: list[float] | None


class Oracle:
    """The documents of a data set, and the answers to filters and sorts over them."""

    def __init__(self, made: Made) -> None:
        self.made = made
        s = made.schema
        self.metadata_casts = {s.kind: keyword, s.size: whole, s.weight: float32}
        # Values of other questions are not mapped, so that nothing finds them.
        self.value_casts: dict[str, Cast] = {
            s.label: keyword,
            s.labels: keyword,
            s.rating: whole,
        }
        dataset = made.id.replace("-", "")
        rows = read_database("SELECT * FROM records WHERE dataset_id = ? ORDER BY rowid", dataset)
        self.documents = {d.id: d for d in map(self._document, rows)}

    def _document(self, row: Any) -> Document:
        metadata = _json(row["metadata"]) or {}
        return Document(
            id=str(UUID(row["id"])),
            own={
                "id": str(UUID(row["id"])),
                **{n: row[n] for n in ("external_id", "status", "inserted_at", "updated_at")},
            },
            fields=_json(row["fields"]),
            metadata={n: _values(metadata.get(n), c) for n, c in self.metadata_casts.items()},
            suggestions=self._suggestions(row["id"]),
            responses=self._responses(row["id"]),
            vector=_vector(row["id"]),
        )

    def _suggestions(self, record_id: str) -> dict[tuple[str, str], list[Any]]:
        rows = read_database(
            "SELECT q.name, s.* FROM suggestions s JOIN questions q ON q.id = s.question_id "
            "WHERE s.record_id = ?",
            record_id,
        )
        found = {}
        for row in rows:
            name = row["name"]
            if name in self.value_casts:
                value = _json(row["value"])
                found[name, "value"] = _values(value, self.value_casts[name])
            found[name, "score"] = _values(_json(row["score"]), float32)
            found[name, "agent"] = _values(row["agent"], keyword)
            found[name, "type"] = _values(row["type"], keyword)
        return found

    def _responses(self, record_id: str) -> list[Json]:
        rows = read_database("SELECT * FROM responses WHERE record_id = ?", record_id)
        found = []
        for row in rows:
            values = _json(row["values"]) or {}
            typed = {
                name: _values((values.get(name) or {}).get("value"), cast)
                for name, cast in self.value_casts.items()
            }
            user = str(UUID(row["user_id"]))
            found.append({"status": row["status"], "user": user, "values": typed})
        return found

    def matches(self, document: Document, filter_: Json, user: str | None) -> bool:
        """Whether one filter holds; ``user`` is whose answers count, None for anybody's."""
        scope = filter_["scope"]
        if scope["entity"] == "response":
            mine = [r for r in document.responses if user in (None, r["user"])]
            if not scope.get("question"):
                statuses = filter_["values"]
                if "pending" in statuses and not mine:
                    return True
                return any(r["status"] in statuses for r in mine)
            cast = self.value_casts[scope["question"]]
            return any(_holds(r["values"][scope["question"]], filter_, cast) for r in mine)
        if scope["entity"] == "record" and scope["property"].endswith("_at"):
            return date_matches(document.own[scope["property"]], filter_)
        return _holds(self._scope_values(document, scope), filter_, self._cast(scope))

    def _cast(self, scope: Json) -> Cast:
        if scope["entity"] == "metadata":
            return self.metadata_casts[scope["metadata_property"]]
        if scope["entity"] == "suggestion" and scope.get("property", "value") == "value":
            return self.value_casts[scope["question"]]
        return float32 if scope.get("property") == "score" else keyword

    def _scope_values(self, document: Document, scope: Json) -> list[Any]:
        if scope["entity"] == "metadata":
            return document.metadata[scope["metadata_property"]]
        if scope["entity"] == "suggestion":
            return document.suggestions.get((scope["question"], scope.get("property", "value")), [])
        value = document.own[scope["property"]]
        return [] if value is None else [value]

    def sort_value(self, document: Document, order: Json, user: str | None) -> Any:
        """What the document is sorted by, None where it has nothing: such come last."""
        scope = order["scope"]
        if scope["entity"] == "response":
            mine = [r for r in document.responses if user in (None, r["user"])]
            values = [v for r in mine for v in r["values"][scope["question"]]]
            # Elasticsearch's average of whole numbers is one, rounded half up.
            return int(sum(values) / len(values) + 0.5) if values else None
        values = self._scope_values(document, scope)
        if not values:
            return None
        return max(values) if order["order"] == "desc" else min(values)


def _json(stored: Any) -> Any:
    # SQLite keeps a number in a JSON column as a number.
    return json.loads(stored) if isinstance(stored, str) else stored


def _vector(record_id: str) -> list[float] | None:
    rows = read_database("SELECT value FROM vectors WHERE record_id = ?", record_id)
    return _json(rows[0]["value"]) if rows else None


def _values(value: Any, cast: Cast) -> list[Any]:
    listed = value if isinstance(value, list) else [value]
    return [cast(v) for v in listed if v is not None]


def _holds(values: list[Any], filter_: Json, cast: Cast) -> bool:
    if filter_["type"] == "terms":
        wanted = {_number(term) if cast is not keyword else term for term in filter_["values"]}
        if cast is float32:
            wanted = {float32(number) for number in wanted}
        return any(value in wanted for value in values)
    bound = float32 if cast is float32 else float if cast is whole else str
    low, high = filter_.get("ge"), filter_.get("le")
    return any(
        (low is None or value >= bound(low)) and (high is None or value <= bound(high))
        for value in values
    )


def _number(term: str) -> float | int:
    try:
        return int(term)
    except ValueError:
        return float(term)
