"""What *Find similar* goes by: a vector of each record, by the desk's encoder.

The title of the vector field in Argilla names the encoder, and says so while not all records have
theirs yet: a process that is killed in between leaves a data set that the next load completes.
"""

from collections.abc import Mapping, Sequence

import argilla as rg

from argilla_settings.records import PAGE
from argilla_settings.rest import Row, read_items, send

MEANING = "meaning"
# Enough to tell near from far, and half of what floats print.
DIGITS = 5
UNFINISHED = " (not of all records yet)"


def vector_title(encoder: str) -> str:
    """Of the field in Argilla, for people and for the next load."""
    return f"Meaning, by {encoder}"


def all_have_vectors(client: rg.Argilla, dataset: rg.Dataset, encoder: str) -> bool:
    """Whether every record that is there has the vector of this encoder."""
    field = _field(client, dataset)
    return field is not None and field["title"] == vector_title(encoder)


def begin_vectors(client: rg.Argilla, dataset: rg.Dataset, encoder: str, dimensions: int) -> None:
    """Make the vector field, which says that it is not finished.

    One of another encoder goes: vectors of two encoders cannot be compared.
    """
    title = vector_title(encoder) + UNFINISHED
    field = _field(client, dataset)
    if field is not None and (field["title"], field["dimensions"]) != (title, dimensions):
        send(client, "DELETE", f"vectors-settings/{field['id']}")
        field = None
    if field is None:
        body = {"name": MEANING, "title": title, "dimensions": dimensions}
        send(client, "POST", f"datasets/{dataset.id}/vectors-settings", body)


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


def _field(client: rg.Argilla, dataset: rg.Dataset) -> Row | None:
    fields = read_items(client, f"datasets/{dataset.id}/vectors-settings")
    return next((field for field in fields if field["name"] == MEANING), None)
