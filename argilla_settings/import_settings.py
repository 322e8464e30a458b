"""A data set of an export with its settings, on another server."""

from dataclasses import dataclass, replace

import argilla as rg

from argilla_settings.export_server import SETTINGS
from argilla_settings.rest import Row, read_items, send
from argilla_settings.vectors import MEANING, other_encoder
from corpus.errors import DeskError

KEPT = ("name", "guidelines", "allow_extra_metadata", "distribution", "metadata")
PART_KEPT = ("name", "title", "description", "required", "settings", "dimensions")


@dataclass(frozen=True, slots=True)
class Target:
    """The data set that records go to; ``questions`` maps name → id here.

    ``left_out`` are vectors that records of the export do not bring along.
    """

    id: str
    name: str
    questions: dict[str, str]
    ready: bool
    left_out: frozenset[str] = frozenset()


def import_dataset(client: rg.Argilla, dataset: Row, workspace_id: str) -> Target:
    """The data set here, made or completed with what is missing.

    Raises DeskError where one of this name asks other questions, which Argilla cannot change.
    """
    here = _find(client, dataset["name"], workspace_id)
    if here is None:
        body = {**{key: dataset[key] for key in KEPT}, "workspace_id": workspace_id}
        here = send(client, "POST", "datasets", body)
    _require_same_distribution(dataset, here)
    for kind in SETTINGS:
        _complete(client, dataset, here, kind)
    if dataset["status"] == "ready" and here["status"] == "draft":
        here = send(client, "PUT", f"datasets/{here['id']}/publish")
    asked = read_items(client, f"datasets/{here['id']}/questions")
    questions = {question["name"]: question["id"] for question in asked}
    target = Target(here["id"], here["name"], questions, here["status"] == "ready")
    if other_encoder(client, target, dataset["vectors-settings"]):
        # They cannot be compared with those here; the next load computes them anew.
        return replace(target, left_out=frozenset({MEANING}))
    return target


def _find(client: rg.Argilla, name: str, workspace_id: str) -> Row | None:
    found = read_items(client, f"me/datasets?workspace_id={workspace_id}")
    return next((dataset for dataset in found if dataset["name"] == name), None)


def _require_same_distribution(dataset: Row, here: Row) -> None:
    wanted, there = dataset["distribution"], here["distribution"]
    if wanted != there:
        raise DeskError(
            f"Argilla's data set {here['name']!r} takes {there['min_submitted']} answers to a "
            f"record, the exported one {wanted['min_submitted']}.",
            f"Let it take as many: set review.min_submitted to {wanted['min_submitted']} in its "
            "desk and run copydesk load (Argilla takes that at any time); or rename or delete one "
            "of the two. Then import again.",
        )


def _complete(client: rg.Argilla, dataset: Row, here: Row, kind: str) -> None:
    address = f"datasets/{here['id']}/{kind}"
    there = {
        part["name"]: part
        for part in read_items(client, f"{'me/' * (kind == 'metadata-properties')}{address}")
    }
    for part in dataset[kind]:
        if part["name"] not in there and here["status"] == "draft":
            send(client, "POST", address, _to_create(part))
        elif part["name"] not in there or _shape(part) != _shape(there[part["name"]]):
            raise DeskError(
                f"Argilla's data set {here['name']!r} has another {kind} {part['name']!r} than the "
                "exported one.",
                "Rename or delete one of the two data sets, then import again.",
            )


def _to_create(part: Row) -> Row:
    extra = ("visible_for_annotators",)
    return {key: part[key] for key in (*PART_KEPT, *extra) if part.get(key) is not None}


def _shape(part: Row) -> Row:
    """What decides whether records, suggestions and answers fit; titles and texts may differ."""
    settings = part.get("settings") or {}
    return {
        "type": settings.get("type"),
        "values": sorted(str(option["value"]) for option in settings.get("options") or ()),
        "field": settings.get("field"),
        "dimensions": part.get("dimensions"),
    }
