"""The records whose answers may have changed, by Argilla's search, and the counts that prove it.

Argilla cannot be asked what changed since. The search knows a record's status and the status of
its answers; ``updated_at`` moves when a record gets enough answers, but Elasticsearch is not told
of that (argilla_server 2.8: ``partial_record_update`` sends the status alone), so that on a stock
server ``completed_since`` may find nothing and ``completed_among`` finds it. How many answers
there are comes from the server's tables, not from its search.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import argilla as rg

from argilla_settings.connection import http
from argilla_settings.records import PAGE
from argilla_settings.rest import Row
from corpus.errors import DeskError

ANSWERED = ("submitted", "discarded", "draft")
# Argilla takes so many values in one filter, and gives so many records in one page.
TERMS, MOST = 250, 1000
INCLUDE = "responses,suggestions"
IN_ORDER = {"scope": {"entity": "record", "property": "inserted_at"}, "order": "asc"}


class SearchRefusedError(DeskError):
    """The server's search engine does not answer what a pull of changes asks."""


def count_started(client: rg.Argilla, dataset: rg.Dataset) -> int:
    """How many records have an answer of any status, and not enough to be completed."""
    total: int = _ask(client, dataset, _STARTED, {"limit": 1})["total"]
    return total


def started_rows(client: rg.Argilla, dataset: rg.Dataset) -> Iterator[Row]:
    """These records."""
    return _search(client, dataset, _STARTED)


def started_ids(client: rg.Argilla, dataset: rg.Dataset) -> dict[str, str]:
    """Argilla's id → external_id of these records, at a fifth of what their rows cost."""
    rows = _search(client, dataset, _STARTED, include="", page=MOST)
    return {row["id"]: row["external_id"] or "" for row in rows}


def answered_among(
    client: rg.Argilla, dataset: rg.Dataset, record_ids: Sequence[str], loaded_since: str
) -> Iterator[Row]:
    """Of these records, and of those loaded at this time or later, the ones with an answer."""
    return _among(client, dataset, _ANSWERED, record_ids, loaded_since)


def rows_of(client: rg.Argilla, dataset: rg.Dataset, record_ids: Sequence[str]) -> Iterator[Row]:
    """These records, by Argilla's ids."""
    for start in range(0, len(record_ids), TERMS):
        some = _terms("record", "id", record_ids[start : start + TERMS])
        yield from _search(client, dataset, [some])


def completed_since(client: rg.Argilla, dataset: rg.Dataset, since: str) -> Iterator[Row]:
    """Completed records that were completed, or otherwise changed, at this time or later."""
    return _search(client, dataset, _completed_from(since))


def count_completed_since(client: rg.Argilla, dataset: rg.Dataset, since: str) -> int:
    """How many these are."""
    total: int = _ask(client, dataset, _completed_from(since), {"limit": 1})["total"]
    return total


def completed_stamps(client: rg.Argilla, dataset: rg.Dataset, since: str) -> Iterator[Row]:
    """The same records without answers and suggestions, at a fifth of the cost."""
    return _search(client, dataset, _completed_from(since), include="", page=MOST)


def completed_among(
    client: rg.Argilla, dataset: rg.Dataset, record_ids: Sequence[str], loaded_since: str
) -> Iterator[Row]:
    """Of these records, and of those loaded at this time or later, the completed ones."""
    return _among(client, dataset, _COMPLETED, record_ids, loaded_since)


def count_answers(client: rg.Argilla, dataset: rg.Dataset) -> Counter[str]:
    """Status → answers in the data set now, of all people."""
    answer = http(client).get(f"/api/v1/datasets/{dataset.id}/users/progress")
    answer.raise_for_status()
    counts: Counter[str] = Counter()
    for user in answer.json()["users"]:
        for record_status in ("completed", "pending"):
            counts.update(user.get(record_status) or {})
    return counts


def _among(
    client: rg.Argilla,
    dataset: rg.Dataset,
    wanted: Mapping[str, Any],
    record_ids: Sequence[str],
    loaded_since: str,
) -> Iterator[Row]:
    for start in range(0, len(record_ids), TERMS):
        some = _terms("record", "id", record_ids[start : start + TERMS])
        yield from _search(client, dataset, [wanted, some])
    if loaded_since:
        yield from _search(client, dataset, [wanted, _from("inserted_at", loaded_since)])


def _search(
    client: rg.Argilla,
    dataset: rg.Dataset,
    filters: Sequence[Mapping[str, Any]],
    include: str = INCLUDE,
    page: int = PAGE,
) -> Iterator[Row]:
    """Each record that these filters find, once, in the order of loading.

    The next page begins at the time of loading of the last record, not at an offset: records that
    leave the filter meanwhile, because somebody answers, move no other out of sight.
    """
    seen: set[str] = set()
    bounds: list[Mapping[str, Any]] = []
    offset = 0
    while True:
        params: dict[str, str | int] = {"limit": page, "offset": offset}
        params |= {"include": include} if include else {}
        items = _ask(client, dataset, [*filters, *bounds], params)["items"]
        rows = [item["record"] for item in items]
        fresh = [row for row in rows if row["id"] not in seen]
        seen.update(row["id"] for row in fresh)
        yield from fresh
        if len(rows) < page:
            return
        # A whole page of records of one and the same time can only be passed by its offset.
        offset = 0 if fresh else offset + page
        bounds = [_from("inserted_at", rows[-1]["inserted_at"])]


def _ask(
    client: rg.Argilla,
    dataset: rg.Dataset,
    filters: Sequence[Mapping[str, Any]],
    params: Mapping[str, str | int],
) -> Row:
    answer = http(client).post(
        f"/api/v1/datasets/{dataset.id}/records/search",
        params=params,
        json={"filters": {"and": list(filters)}, "sort": [IN_ORDER]},
    )
    if answer.is_error:
        raise SearchRefusedError(
            f"Argilla's search refuses filters (HTTP {answer.status_code}): {answer.text[:200]}",
            "Run copydesk pull --full, which does without.",
        )
    found: Row = answer.json()
    return found


def _terms(entity: str, name: str, values: Sequence[str]) -> dict[str, Any]:
    scope = {"entity": entity, "property": name}
    return {"type": "terms", "scope": scope, "values": list(values)}


def _completed_from(since: str) -> list[Mapping[str, Any]]:
    return [_COMPLETED, _from("updated_at", since)]


def _from(name: str, at: str) -> dict[str, Any]:
    return {"type": "range", "scope": {"entity": "record", "property": name}, "ge": at}


_COMPLETED = _terms("record", "status", ["completed"])
_ANSWERED = _terms("response", "status", ANSWERED)
_STARTED = (_terms("record", "status", ["pending"]), _ANSWERED)
