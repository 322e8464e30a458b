"""Data sets with every kind of field, question, metadata property and vector."""

import itertools
from dataclasses import dataclass
from typing import Any

from tests.embedded.engine_properties.server import Server

LABELS = ("yes", "no", "it's", "Zoë")
ROLES = ("user", "assistant", "Bot")
NUMBERS = itertools.count()


@dataclass(frozen=True)
class Schema:
    """Names of one data set's parts; the kinds are what their attributes say."""

    text: str = "text"
    title: str = "title"
    image: str = "image"
    chat: str = "chat"
    custom: str = "custom"
    label: str = "label"
    labels: str = "labels"
    rating: str = "rating"
    ranking: str = "ranking"
    comment: str = "comment"
    span: str = "span"
    kind: str = "kind"
    size: str = "size"
    weight: str = "weight"
    place: str = "place"

    def fields(self) -> dict[str, dict[str, Any]]:
        """Name → settings."""
        return {
            self.text: {"type": "text"},
            self.title: {"type": "text"},
            self.image: {"type": "image"},
            self.chat: {"type": "chat"},
            self.custom: {"type": "custom", "template": "{{record}}"},
        }

    def questions(self) -> dict[str, dict[str, Any]]:
        """Name → settings."""
        options = [{"value": label, "text": label} for label in LABELS]
        ratings = [{"value": number} for number in range(1, 6)]
        return {
            self.label: {"type": "label_selection", "options": options},
            self.labels: {"type": "multi_label_selection", "options": options},
            self.rating: {"type": "rating", "options": ratings},
            self.ranking: {"type": "ranking", "options": options},
            self.comment: {"type": "text"},
            self.span: {"type": "span", "field": self.text, "options": options},
        }

    def metadata(self) -> dict[str, str]:
        """Name → type."""
        return {self.kind: "terms", self.size: "integer", self.weight: "float"}


HOSTILE = Schema(
    text='te"xt',
    title="it's.a[0] $",
    image="im)age",
    chat="chat\u202e",
    custom="cus'tom;--",
    label='la"b.el',
    labels="l'abels]",
    rating="$",
    ranking="r" * 200,
    comment="😀",
    span="\\span",
    kind='k"ind.$',
    size="s.i'ze%",
    weight="w[0]\\",
    place="p'la\"ce",
)


@dataclass(frozen=True)
class Made:
    """A published data set; ids of its questions by name."""

    id: str
    schema: Schema
    questions: dict[str, str]


def create(server: Server, schema: Schema) -> Made:
    """Create and publish a data set over the API."""
    body = {"name": f"properties {next(NUMBERS)}", "workspace_id": server.workspace_id}
    dataset = server.call("POST", "datasets", body)["id"]
    base = f"datasets/{dataset}"
    questions: dict[str, str] = {}
    for kind, parts, required in (
        ("fields", schema.fields(), schema.text),
        ("questions", schema.questions(), schema.label),
    ):
        for name, settings in parts.items():
            part = {"name": name, "title": "t", "required": name == required, "settings": settings}
            made = server.call("POST", f"{base}/{kind}", part)
            if kind == "questions":
                questions[name] = made["id"]
    for name, kind in schema.metadata().items():
        part = {"name": name, "title": "t", "settings": {"type": kind}}
        server.call("POST", f"{base}/metadata-properties", part)
    part = {"name": schema.place, "title": "t", "dimensions": 2}
    server.call("POST", f"{base}/vectors-settings", part)
    server.call("PUT", f"{base}/publish")
    return Made(dataset, schema, questions)
