"""Article → rg.Record and back."""

from collections.abc import Iterator, Mapping
from typing import Any

import argilla as rg
from argilla._exceptions import ArgillaAPIError

from argilla_settings.connection import http
from argilla_settings.shown_text import from_shown, to_shown
from argilla_settings.suggestions import to_suggestions
from corpus.articles import Article, Prediction
from corpus.errors import DeskError

PAGE = 500
# Metadata that the queue is sorted by.
PRIORITY = "priority"
# What an import calls records that had no external_id; they are nobody's articles.
UNNAMED = "argilla-record:"


def article_fields(article: Article) -> dict[str, str]:
    """Title and text for any record that shows an article: what is markup in them must not run."""
    return {"title": to_shown(article.title), "text": to_shown(article.text)}


def to_record(
    article: Article,
    prediction: Prediction | None,
    blind: bool,
    place: float | None = None,
    vectors: Mapping[str, list[float]] | None = None,
) -> rg.Record:
    """The record of an article. A blind one carries no suggestion and no predicted topic.

    ``place`` in the queue: the lowest comes first. ``vectors`` by the name of their field.
    """
    shown = None if blind else prediction
    metadata: dict[str, Any] = {
        "source": article.source,
        "blind": "yes" if blind else "no",
        "published_at": article.published_at,
        "license": article.license,
    }
    if shown is not None and (topics := shown.said_topics()):
        names = [topic.name for topic in topics]
        metadata["topic_predicted"] = names if shown.topic is None else shown.topic
    if shown is not None and shown.topic_score is not None:
        metadata["uncertainty"] = round(1 - shown.topic_score, 4)
    if shown is not None and shown.uncertainty is not None:
        metadata["uncertainty"] = round(shown.uncertainty, 4)
    if place is not None:
        metadata[PRIORITY] = place
    return rg.Record(
        id=article.id,
        fields=article_fields(article),
        metadata={key: value for key, value in metadata.items() if value != ""},
        suggestions=to_suggestions(shown, article.text) if shown is not None else [],
        vectors=dict(vectors or {}),
    )


def stable_id(row: Mapping[str, Any]) -> str:
    """A record's external_id, or a name derived from its id in Argilla where it has none."""
    return row["external_id"] or f"{UNNAMED}{row['id']}"


def has_article_id(row: Mapping[str, Any]) -> bool:
    """Whether a record has an external_id of its own, so that it is an article of a source."""
    return bool(row.get("external_id")) and not row["external_id"].startswith(UNNAMED)


def to_article(row: Mapping[str, Any]) -> Article:
    """The article of a record as REST sends it."""
    metadata = row.get("metadata") or {}
    return Article(
        id=row["external_id"],
        text=from_shown(row["fields"]["text"]),
        title=from_shown(row["fields"].get("title") or ""),
        source=metadata.get("source", ""),
        published_at=metadata.get("published_at", ""),
        license=metadata.get("license", ""),
    )


def log_records(dataset: rg.Dataset, records: list[rg.Record]) -> None:
    """Upsert records by their content ids; a batch that failed can be logged again."""
    if not records:
        return
    try:
        dataset.records.log(records, batch_size=min(PAGE, len(records)))
    except ArgillaAPIError as error:
        raise DeskError(
            f"Argilla refused a batch of {len(records)} records: {error}",
            "Nothing is doubled: correct the cause and run the same command again.",
        ) from error


def list_rows(
    client: rg.Argilla, dataset: rg.Dataset, include: tuple[str, ...] = ()
) -> Iterator[dict[str, Any]]:
    """Every record as REST sends it, with ``responses`` and ``suggestions`` if included.

    Raises DeskError when records were added or removed during the paging, since offset pages
    would then skip or repeat some.
    """
    seen: set[str] = set()
    total = None
    while total is None or len(seen) < total:
        params: dict[str, str | int] = {"limit": PAGE, "offset": len(seen)}
        if include:
            params["include"] = ",".join(include)
        answer = http(client).get(f"/api/v1/datasets/{dataset.id}/records", params=params)
        answer.raise_for_status()
        page = answer.json()
        total = page["total"] if total is None else total
        fresh = [row for row in page["items"] if row["id"] not in seen]
        if len(fresh) < len(page["items"]) or page["total"] != total or not (fresh or not total):
            raise DeskError(
                f"Records of {dataset.name!r} changed while they were read "
                f"({total} at first, {page['total']} now).",
                "Run it again when no load is running.",
            )
        seen.update(row["id"] for row in fresh)
        yield from fresh
