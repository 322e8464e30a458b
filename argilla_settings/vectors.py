"""What *Find similar* goes by: a vector of each record, by the desk's encoder.

The title of the vector field in Argilla names the encoder, and says so while not all records have
theirs yet: a process that is killed in between, or that adds records without vectors, leaves a data
set that the next load completes. A field whose title begins otherwise is somebody else's.
"""

from collections.abc import Mapping, Sequence

import argilla as rg

from argilla_settings.records import PAGE
from argilla_settings.rest import Row, read_items, send
from corpus.errors import DeskError

MEANING = "meaning"
# Enough to tell near from far, and half of what floats print.
DIGITS = 5
OURS = "Meaning, by "
UNFINISHED = " (not of all records yet)"


def vector_title(encoder: str) -> str:
    """Of the field in Argilla, for people and for the next load."""
    return f"{OURS}{encoder}"


def require_own_field(client: rg.Argilla, dataset: rg.Dataset) -> None:
    """Raises DeskError where people keep vectors of their own under the name of ours."""
    field = _field(client, dataset)
    if field is not None and not _is_ours(field):
        raise DeskError(
            f"The vector field {MEANING!r} of Argilla data set {dataset.name!r} is titled "
            f"{field['title']!r}: only one whose title begins with {OURS.strip()!r} is Copydesk's "
            "to replace.",
            "Set review.find_similar: false in the desk; or keep these vectors under another "
            "name, delete the field in Argilla, and run copydesk load.",
        )


def all_have_vectors(
    client: rg.Argilla, dataset: rg.Dataset, encoder: str, dimensions: int | None
) -> bool:
    """Whether every record that is there has the vector of this encoder; ``dimensions`` are those
    of vectors to come, None if there are none.
    """
    field = _field(client, dataset)
    if field is None or field["title"] != vector_title(encoder):
        return False
    return dimensions is None or field["dimensions"] == dimensions


def begin_vectors(client: rg.Argilla, dataset: rg.Dataset, encoder: str, dimensions: int) -> None:
    """Make the vector field, which says that it is not finished.

    One of another encoder goes: vectors of two encoders cannot be compared.
    """
    require_own_field(client, dataset)
    title = vector_title(encoder) + UNFINISHED
    field = _field(client, dataset)
    if field is not None and (field["title"], field["dimensions"]) != (title, dimensions):
        send(client, "DELETE", f"vectors-settings/{field['id']}")
        field = None
    if field is None:
        body = {"name": MEANING, "title": title, "dimensions": dimensions}
        send(client, "POST", f"datasets/{dataset.id}/vectors-settings", body)


def leave_unfinished(client: rg.Argilla, dataset: rg.Dataset) -> None:
    """Say that not all records have vectors, before records without come."""
    field = _field(client, dataset)
    if field is not None and _is_ours(field) and not field["title"].endswith(UNFINISHED):
        title = {"title": field["title"] + UNFINISHED}
        send(client, "PATCH", f"vectors-settings/{field['id']}", title)


def other_encoder(client: rg.Argilla, dataset: rg.Dataset, exported: Sequence[Row]) -> bool:
    """Whether vectors of an export (its fields as REST sent them) are of another encoder than those
    of this data set, and ours on both sides.
    """
    here = _field(client, dataset)
    there = next((field for field in exported if field["name"] == MEANING), None)
    if here is None or there is None or not (_is_ours(here) and _is_ours(there)):
        return False
    return bool(here["title"].removesuffix(UNFINISHED) != there["title"].removesuffix(UNFINISHED))


def finish_vectors(client: rg.Argilla, dataset: rg.Dataset, encoder: str) -> None:
    """Say that every record has its vector."""
    field = _field(client, dataset)
    if field is not None:
        send(client, "PATCH", f"vectors-settings/{field['id']}", {"title": vector_title(encoder)})


def to_vectors(values: Sequence[float]) -> dict[str, list[float]]:
    """Of one record, as Argilla takes them."""
    return {MEANING: [round(float(value), DIGITS) for value in values]}


def set_vectors(
    client: rg.Argilla, dataset: rg.Dataset, vectors: Mapping[str, Sequence[float]]
) -> None:
    """Give these records (Argilla's ids) their vectors; nothing else of them changes."""
    items = [{"id": i, "vectors": to_vectors(values)} for i, values in vectors.items()]
    for start in range(0, len(items), PAGE):
        page = {"items": items[start : start + PAGE]}
        send(client, "PUT", f"datasets/{dataset.id}/records/bulk", page)


def _is_ours(field: Row) -> bool:
    return bool(field["title"].startswith(OURS))


def _field(client: rg.Argilla, dataset: rg.Dataset) -> Row | None:
    fields = read_items(client, f"datasets/{dataset.id}/vectors-settings")
    return next((field for field in fields if field["name"] == MEANING), None)
