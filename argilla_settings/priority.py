"""The order of review in Argilla: a place in the queue in each record's metadata.

The lowest place comes first, since Argilla's UI sorts ascending unless told otherwise.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import argilla as rg

from argilla_settings.data_sets import dataset_url
from argilla_settings.records import PAGE, PRIORITY, has_article_id, list_rows, to_article
from argilla_settings.rest import send
from corpus.articles import Article


@dataclass(frozen=True, slots=True)
class Pool:
    """Articles that nobody said anything about yet, the blind ones by id, and all others."""

    waiting: tuple[Article, ...]
    blind: frozenset[str]
    answered: tuple[Article, ...]


def priority_property(client: rg.Argilla) -> rg.FloatMetadataProperty:
    """What annotators sort by."""
    return rg.FloatMetadataProperty(
        name=PRIORITY, title="Priority (lowest first)", min=0, max=1, client=client
    )


def ensure_priority(client: rg.Argilla, dataset: rg.Dataset) -> None:
    """Data sets from before there was an order get the property; records wait for their place."""
    if PRIORITY in {item.name for item in dataset.settings.metadata}:
        return
    item = priority_property(client)
    item.dataset = dataset
    dataset.settings.metadata.add(item.create())


def read_pool(client: rg.Argilla, dataset: rg.Dataset) -> Pool:
    """All articles of the data set; a draft or a discard says something, too."""
    waiting: list[Article] = []
    answered: list[Article] = []
    blind: set[str] = set()
    for row in list_rows(client, dataset, include=("responses",)):
        if not has_article_id(row):
            continue
        article = to_article(row)
        (answered if row.get("responses") else waiting).append(article)
        if (row.get("metadata") or {}).get("blind") == "yes":
            blind.add(article.id)
    return Pool(tuple(waiting), frozenset(blind), tuple(answered))


def set_places(client: rg.Argilla, dataset: rg.Dataset, places: Mapping[str, float]) -> int:
    """Give these articles' records their place; returns how many changed.

    Records are read again: one that was answered meanwhile keeps its place, and metadata that
    others changed meanwhile stays. Answers and suggestions are not sent, so they stay, too.
    """
    ensure_priority(client, dataset)
    changes = list(_changes(list_rows(client, dataset, include=("responses",)), places))
    for start in range(0, len(changes), PAGE):
        page = {"items": changes[start : start + PAGE]}
        send(client, "PUT", f"datasets/{dataset.id}/records/bulk", page)
    return len(changes)


def _changes(
    rows: Iterable[Mapping[str, Any]], places: Mapping[str, float]
) -> Iterable[dict[str, Any]]:
    for row in rows:
        metadata = dict(row.get("metadata") or {})
        place = places.get(row["external_id"])
        if place is None or row.get("responses") or metadata.get(PRIORITY) == place:
            continue
        yield {"id": row["id"], "metadata": metadata | {PRIORITY: place}}


def queue_url(client: rg.Argilla, dataset: rg.Dataset) -> str:
    """Where annotators find what waits for them, in this order."""
    query = {"status": "pending", "sort": f"metadata.{PRIORITY}.asc"}
    return f"{dataset_url(client, dataset)}?{urlencode(query)}"
