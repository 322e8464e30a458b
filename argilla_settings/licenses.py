"""Licences that a source states otherwise than when its articles were loaded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import argilla as rg

from argilla_settings.records import PAGE, list_rows
from argilla_settings.rest import send
from corpus.articles import Article


@dataclass(frozen=True, slots=True)
class OtherLicense:
    """A record of Argilla, and the metadata that says its article's licence."""

    record_id: str
    metadata: dict[str, Any]


def other_licenses(
    client: rg.Argilla, dataset: rg.Dataset, articles: Iterable[Article]
) -> list[OtherLicense]:
    """The records of these articles that carry another licence than the articles do."""
    stated = {article.id: article.license for article in articles}
    found = []
    for row in list_rows(client, dataset):
        metadata = row.get("metadata") or {}
        license = stated.get(row["external_id"])
        if license is not None and license != metadata.get("license", ""):
            others = {key: value for key, value in metadata.items() if key != "license"}
            found.append(
                OtherLicense(row["id"], others | ({"license": license} if license else {}))
            )
    return found


def correct_licenses(
    client: rg.Argilla, dataset: rg.Dataset, corrections: Sequence[OtherLicense]
) -> None:
    """Change the metadata of these records; answers and suggestions stay as they are."""
    for start in range(0, len(corrections), PAGE):
        items = [
            {"id": item.record_id, "metadata": item.metadata}
            for item in corrections[start : start + PAGE]
        ]
        send(client, "PUT", f"datasets/{dataset.id}/records/bulk", {"items": items})
