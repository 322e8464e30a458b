"""An Argilla data set with every type of field, question and answer."""

from pathlib import Path
from typing import Any

import argilla as rg

from argilla_settings.connection import connect, http
from argilla_settings.rest import read_items, send
from argilla_settings.transfer_file import open_export
from tests.running import ArgillaService

NAME = "All types, as others make them"
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
TEXT = "👩‍🚀 Ada met Bo in Łódź."
OPTIONS = [{"value": v, "text": v.upper(), "description": None} for v in ("a", "b", "c")]
QUESTIONS: dict[str, dict[str, Any]] = {
    "label": {"type": "label_selection", "options": OPTIONS, "visible_options": 3},
    "labels": {"type": "multi_label_selection", "options": OPTIONS, "options_order": "suggestion"},
    "rating": {"type": "rating", "options": [{"value": n} for n in range(4)]},
    "ranking": {"type": "ranking", "options": OPTIONS},
    "free": {"type": "text", "use_markdown": True},
    "spans": {"type": "span", "field": "text", "options": OPTIONS, "allow_overlapping": True},
}
FIELDS: dict[str, dict[str, Any]] = {
    "text": {"type": "text", "use_markdown": False},
    "chat": {"type": "chat", "use_markdown": True},
    "image": {"type": "image"},
    "custom": {"type": "custom", "template": "<b>{{x}}</b>", "advanced_mode": False},
}
METADATA: dict[str, dict[str, Any]] = {
    "terms": {"type": "terms", "values": ["x", "y"]},
    "any": {"type": "terms", "values": None},
    "whole": {"type": "integer", "min": 0, "max": 9},
    "real": {"type": "float", "min": None, "max": None},
}
VALUES: dict[str, Any] = {
    "label": "a",
    "labels": ["a", "c"],
    "rating": 0,
    "ranking": [{"value": "b", "rank": 1}, {"value": "a", "rank": 2}, {"value": "c", "rank": 2}],
    "free": "zwölf 🇳🇿",
    # In the UI's UTF-16 units, and overlapping.
    "spans": [{"label": "a", "start": 6, "end": 9}, {"label": "b", "start": 6, "end": 16}],
}


def workspace_id(client: rg.Argilla, name: str) -> str:
    found = {w["name"]: w["id"] for w in read_items(client, "me/workspaces")}
    return str(found[name])


def make_dataset(client: rg.Argilla, workspace_id: str) -> dict[str, Any]:
    dataset = send(client, "POST", "datasets", {
        "name": NAME, "workspace_id": workspace_id, "guidelines": "Read *me*.",
        "allow_extra_metadata": False, "metadata": {"kept": [1, {"too": None}]},
        "distribution": {"strategy": "overlap", "min_submitted": 2},
    })  # fmt: skip
    parts = {
        "fields": [
            {"name": n, "title": n.title(), "required": n == "text", "settings": s}
            for n, s in FIELDS.items()
        ],
        "questions": [
            {"name": n, "title": n.title(), "description": f"about {n}", "required": n == "label",
             "settings": s}
            for n, s in QUESTIONS.items()
        ],
        "metadata-properties": [
            {"name": n, "title": n.title(), "settings": s, "visible_for_annotators": n != "any"}
            for n, s in METADATA.items()
        ],
        "vectors-settings": [{"name": "v", "title": "V", "dimensions": 3}],
    }  # fmt: skip
    for kind, items in parts.items():
        for item in items:
            send(client, "POST", f"datasets/{dataset['id']}/{kind}", item)
    return send(client, "PUT", f"datasets/{dataset['id']}/publish")


def fill(client: rg.Argilla, dataset_id: str, service: ArgillaService) -> None:
    asked = {q["name"]: q["id"] for q in read_items(client, f"datasets/{dataset_id}/questions")}
    suggestions = [
        {"question_id": asked[name], "value": VALUES[name], "score": score, "agent": "m:1",
         "type": "model"}
        for name, score in (("label", 0.25), ("rating", None), ("spans", [0.5, 1.0]))
    ]  # fmt: skip
    full = {
        "external_id": "full",
        "fields": {"text": TEXT, "chat": [{"role": "user", "content": "hi"}], "image": PIXEL,
                   "custom": {"x": [1, None]}},
        "metadata": {"terms": ["x", "y"], "whole": 7, "real": 0.1},
        "vectors": {"v": [0.1, -2.0, 3e-9]},
        "suggestions": suggestions,
    }  # fmt: skip
    others = [{"external_id": name, "fields": {"text": name}} for name in ("drafts", "discards")]
    unnamed = {"fields": {"text": "nobody's id"}, "metadata": None}
    body = {"items": [full, *others, unnamed]}
    path = f"datasets/{dataset_id}/records/bulk"
    ids = [item["id"] for item in send(client, "POST", path, body)["items"]]
    answer_all(service, ids)


def answer_all(service: ArgillaService, ids: list[str]) -> None:
    """Two people answer: submitted, drafts, and discards with, without and with no values."""
    values = {name: {"value": value} for name, value in VALUES.items()}
    per_person: list[list[dict[str, Any]]] = [
        [
            {"record_id": ids[0], "status": "submitted", "values": values},
            {"record_id": ids[1], "status": "draft", "values": {"rating": {"value": 3}}},
            {"record_id": ids[2], "status": "discarded", "values": {"free": {"value": "?"}}},
            {"record_id": ids[3], "status": "submitted", "values": {"label": {"value": "b"}}},
        ],
        [
            {"record_id": ids[0], "status": "submitted", "values": {"label": {"value": "c"}}},
            {"record_id": ids[1], "status": "draft", "values": {}},
            {"record_id": ids[2], "status": "discarded"},
        ],
    ]
    for name, items in zip(("annotator-1", "annotator-2"), per_person, strict=True):
        person = connect(api_key=service.credentials[name]["api_key"], manage=False)
        sent = send(person, "POST", "me/responses/bulk", {"items": items})
        assert [item["error"] for item in sent["items"]] == [None] * len(items)


def delete_left(client: rg.Argilla) -> None:
    for dataset in read_items(client, "me/datasets"):
        if dataset["name"] == NAME:
            http(client).delete(f"/api/v1/datasets/{dataset['id']}").raise_for_status()


def content(file: Path) -> tuple[list[Any], list[Any]]:
    """Data sets and records, without what the server gives anew."""
    new = ("id", "dataset_id", "workspace_id", "inserted_at", "updated_at", "last_activity_at")

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: kept(v) for k, v in value.items() if k not in new}
        return [kept(item) for item in value] if isinstance(value, list) else value

    with open_export(file) as export:
        datasets = kept(list(export.lines("datasets.jsonl")))
        records = kept([r for d in datasets for r in export.lines(d["records"])])
    for record in records:
        record["responses"].sort(key=lambda answer: answer["user_id"])
        record["suggestions"].sort(key=lambda suggestion: suggestion["question"])
        for answer in record["responses"]:
            # Named in the export's own terms.
            answer["values"] = answer["values"] or {}
        if (record["external_id"] or "argilla-record:").startswith("argilla-record:"):
            record["external_id"] = "unnamed"
    return datasets, sorted(records, key=lambda record: record["external_id"])
