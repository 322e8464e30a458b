"""Every key of a desk, as a Markdown page made from the models that check it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corpus.desk import Desk

Schema = Mapping[str, Any]

HEAD = """# Keys of a desk

Made by `make desk-page` from the models in `corpus/settings/` that check every desk; `desk.yaml`
and the files in `desks/` are examples. A key that is not in this list is refused. For one run any
key can be replaced on the command line: `--set review.blind_share=0.2`.
"""
TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}
BOUNDS = {
    "minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}",
    "minLength": "≥ {} characters", "maxLength": "≤ {} characters",
    "pattern": "`{}`",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A key with its dots, what may stand there, what stands there if it is left out, and why."""

    name: str
    values: str
    default: str
    description: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of keys; the one of the desk itself has no name."""

    name: str
    description: str
    keys: tuple[Key, ...]


def groups() -> list[Group]:
    """The desk's own keys, then each group's, in the order of the models."""
    schema = Desk.model_json_schema()
    return list(_groups("", schema, schema.get("$defs", {})))


def page() -> str:
    """docs/desk.md."""
    return "\n".join([HEAD, *(_section(group) for group in groups())])


def _groups(name: str, schema: Schema, parts: Mapping[str, Schema]) -> Iterator[Group]:
    inner, keys = [], []
    for own_name, value in schema["properties"].items():
        full_name = f"{name}.{own_name}" if name else own_name
        if (part := _part(value)) in parts:
            inner.append((full_name, parts[part]))
            continue
        required = own_name in schema.get("required", ())
        default = "required" if required else _default(value)
        keys.append(Key(full_name, _values(value), default, value.get("description", "")))
    yield Group(name, schema.get("description", ""), tuple(keys))
    for full_name, part_schema in inner:
        yield from _groups(full_name, part_schema, parts)


def _part(value: Schema) -> str:
    """The model of a group, which may also be left out as null; empty for a single key."""
    for choice in (value, *value.get("anyOf", ())):
        if "$ref" in choice:
            return str(choice["$ref"]).rpartition("/")[2]
    return ""


def _values(value: Schema) -> str:
    if "anyOf" in value:
        choices = [choice for choice in value["anyOf"] if choice.get("type") != "null"]
        return " or ".join(_values(choice) for choice in choices)
    if "enum" in value:
        return ", ".join(f"`{choice}`" for choice in value["enum"])
    if value.get("type") == "array":
        return f"list of {_values(value['items'])}"
    if value.get("type") == "object":
        choices = value.get("additionalProperties", {})
        if "type" not in choices and "anyOf" not in choices:
            # Models told apart by a key of theirs; the description shows them.
            return "name → keys of its own"
        may_be_null = " or null" if {"type": "null"} in choices.get("anyOf", ()) else ""
        return f"text → {_values(choices)}{may_be_null}"
    bounds = [text.format(value[bound]) for bound, text in BOUNDS.items() if bound in value]
    return ", ".join([TYPES[value["type"]], *bounds])


def _default(value: Schema) -> str:
    default = value.get("default")
    if default in (None, "", {}, []):
        return "–"
    if isinstance(default, list):
        return ", ".join(f"`{item}`" for item in default)
    text = default if isinstance(default, str) else json.dumps(default)
    return f"`{text}`"


def _section(group: Group) -> str:
    title = [f"## {group.name}\n"] if group.name else []
    rows = [
        f"| `{key.name}` | {_cell(key.values)} | {key.default} | {_cell(key.description)} |"
        for key in group.keys
    ]
    head = ["| key | values | default | what it is |", "| --- | --- | --- | --- |"]
    description = group.description.replace("``", "`")
    return "\n".join([*title, f"{description}\n", *head, *rows, ""])


def _cell(text: str) -> str:
    """A bar would end the cell, also within backticks."""
    return text.replace("|", "\\|")
