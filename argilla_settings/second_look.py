"""Answers worth a second look: a mark on their records, and the address that opens them.

Annotators see their own answers to the marked records, most doubtful first, and confirm or
change them; the next pull takes what they changed. What a model says stands nowhere there.
"""

from collections.abc import Mapping
from typing import Any

import argilla as rg

from argilla_settings.addresses import article_query, queue_address
from argilla_settings.data_sets import dataset_url
from argilla_settings.records import PAGE, list_rows
from argilla_settings.rest import send
from corpus.articles import Article

DOUBT = "doubt"


def mark_doubts(client: rg.Argilla, dataset: rg.Dataset, doubts: Mapping[str, float]) -> int:
    """Give these articles' records their doubt in [0, 1] and take it from all others.

    Answers and suggestions stay as they are. Returns how many records changed.
    """
    _ensure_property(client, dataset)
    items = []
    for row in list_rows(client, dataset):
        metadata: dict[str, Any] = dict(row.get("metadata") or {})
        there, wanted = metadata.pop(DOUBT, None), doubts.get(row["external_id"])
        wanted = None if wanted is None else round(wanted, 4)
        if there != wanted:
            metadata |= {} if wanted is None else {DOUBT: wanted}
            items.append({"id": row["id"], "metadata": metadata})
    for start in range(0, len(items), PAGE):
        page = items[start : start + PAGE]
        send(client, "PUT", f"datasets/{dataset.id}/records/bulk", {"items": page})
    return len(items)


def doubts_url(client: rg.Argilla, dataset: rg.Dataset) -> str:
    """Where annotators find their own answers to the marked records, most doubtful first."""
    return _url(client, dataset, {"metadata": f"{DOUBT}.ge0.le1", "sort": f"metadata.{DOUBT}.desc"})


def article_url(client: rg.Argilla, dataset: rg.Dataset, article: Article) -> str:
    """Where annotators find their own answer to this article.

    The UI opens no record by its id; the first plain words of its title, or of its text, find it.
    """
    query = article_query(article)
    return _url(client, dataset, query) if query else dataset_url(client, dataset)


def _url(client: rg.Argilla, dataset: rg.Dataset, query: Mapping[str, str]) -> str:
    return queue_address(client.api_url, str(dataset.id), query)


def _ensure_property(client: rg.Argilla, dataset: rg.Dataset) -> None:
    if DOUBT in {item.name for item in dataset.settings.metadata}:
        return
    item = rg.FloatMetadataProperty(
        name=DOUBT, title="Worth a second look", min=0, max=1, client=client
    )
    item.dataset = dataset
    dataset.settings.metadata.add(item.create())
