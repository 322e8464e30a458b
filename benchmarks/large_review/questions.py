"""What Argilla's UI asks of the server, request by request, as captured from a browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.datasets import Dataset, checked
from benchmarks.stories import COMMON, PHRASE, RARE

PAGE = 10
INCLUDE = ("responses", "suggestions")
BY_SCORE = {"scope": {"entity": "suggestion", "question": "topic", "property": "score"}}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``required``: the issue wants its median under 250 ms."""

    name: str
    address: str
    required: bool = False
    body: dict[str, Any] | None = None
    offset: int = 0

    def send(self, client: httpx.Client) -> dict[str, Any]:
        """A GET, or a search where there is a body; the answer's JSON."""
        if self.body is None:
            return checked(client.get(self.address))
        page: dict[str, Any] = {"include": list(INCLUDE), "offset": self.offset, "limit": PAGE}
        return checked(client.post(self.address, params=page, json=self.body))


def asks(dataset: Dataset, metadata_ids: dict[str, str], record_id: str) -> list[Ask]:
    """Everything that is measured; ``record_id`` has a vector."""
    search = f"/api/v1/me/datasets/{dataset.id}/records/search"

    def pending(name: str, required: bool = True, offset: int = 0, **more: Any) -> Ask:
        return Ask(name, search, required, _body("pending", **more), offset)

    desk = _terms({"entity": "metadata", "metadata_property": "desk"}, ["desk-7", "desk-21"])
    years = _range({"entity": "metadata", "metadata_property": "year"}, 2010, 2012)
    floats = _range({"entity": "metadata", "metadata_property": "uncertainty"}, 0.0, 0.5)
    score = _range(BY_SCORE["scope"], 0.9, 1.0)
    nearest = {"name": "embedding", "record_id": record_id, "max_results": 50}
    return [
        pending("pending queue, first page"),
        pending("pending queue, page at 50,000", offset=50_000),
        pending("text: a rare word", text=RARE),
        pending("text: a word in half of the records", text=COMMON),
        pending("text: a phrase", text=f'"{PHRASE}"'),
        pending("metadata: two of 40 terms", filters=[desk]),
        pending("metadata: integer range, 9 %", filters=[years]),
        pending("metadata: float range, half", filters=[floats]),
        pending("suggestion score: 0.9 to 1", filters=[score]),
        pending("sort by metadata", sort=_sort(metadata_property="uncertainty", entity="metadata")),
        pending("sort by suggestion score", sort=[{**BY_SCORE, "order": "asc"}]),
        pending("sort by time of insertion", sort=_sort(entity="record", property="inserted_at")),
        Ask(
            "submitted, sorted by the answer",
            search,
            body=_body("submitted", sort=_sort(entity="response", question="topic")),
        ),
        Ask("submitted queue", search, body=_body("submitted")),
        pending("text, metadata and score together", False, text=COMMON, filters=[desk, score]),
        pending("similar to a record", False, vector={**nearest, "order": "most_similar"}),
        Ask("progress of the data set", f"/api/v1/datasets/{dataset.id}/progress"),
        Ask("progress of the annotator", f"/api/v1/me/datasets/{dataset.id}/metrics"),
        *(
            Ask(f"metrics of metadata {name}", f"/api/v1/metadata-properties/{key}/metrics")
            for name, key in metadata_ids.items()
        ),
    ]


def metadata_ids(client: httpx.Client, dataset: Dataset) -> dict[str, str]:
    """Name → id of one metadata property of each type."""
    address = f"/api/v1/me/datasets/{dataset.id}/metadata-properties"
    found = checked(client.get(address))["items"]
    return {p["name"]: p["id"] for p in found if p["name"] in ("desk", "year", "uncertainty")}


def first_record(client: httpx.Client, dataset: Dataset) -> str:
    """The id of the record logged first; it has a vector where any has one."""
    search = f"/api/v1/me/datasets/{dataset.id}/records/search"
    body = {"query": {}, "sort": _sort(entity="record", property="inserted_at")}
    found = checked(client.post(search, params={"limit": 1}, json=body))["items"]
    return str(found[0]["record"]["id"])


def _body(
    status: str,
    text: str = "",
    filters: Sequence[dict[str, Any]] = (),
    sort: Sequence[dict[str, Any]] = (),
    vector: dict[str, Any] | None = None,
) -> dict[str, Any]:
    all_of = [_terms({"entity": "response", "property": "status"}, [status])]
    if status == "pending":
        all_of.append(_terms({"entity": "record", "property": "status"}, [status]))
    query: dict[str, Any] = {"text": {"q": text}} if text else {}
    if vector:
        query["vector"] = vector
    body = {"query": query, "filters": {"and": [*all_of, *filters]}}
    return {**body, "sort": list(sort)} if sort else body


def _terms(scope: dict[str, str], values: list[str]) -> dict[str, Any]:
    return {"type": "terms", "scope": scope, "values": values}


def _range(scope: dict[str, str], low: float, high: float) -> dict[str, Any]:
    return {"type": "range", "scope": scope, "ge": low, "le": high}


def _sort(order: str = "asc", **scope: str) -> list[dict[str, Any]]:
    return [{"scope": scope, "order": order}]
