"""Cards: the README with its YAML front matter, and the tags the Hub derives from it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from embedded.hub.licenses import LICENSES

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)(?:\r?\n)?---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
METADATA_MAX_CHARACTERS = 1024 * 1024
_PREFIXED = (
    "license", "task_categories", "size_categories", "annotations_creators", "source_datasets",
    "base_model",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """`errors` and `warnings` are what the Hub says about the front matter when it is checked."""

    metadata: dict[str, Any] = field(default_factory=dict)
    body: str = ""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def parse_card(text: str) -> Card:
    """Never raises: a broken front matter ends up in `errors`, the text stays readable."""
    match = _FRONT_MATTER.match(text.lstrip("\ufeff"))
    if match is None:
        return Card(body=text, warnings=("empty or missing yaml metadata in repo card",))
    body = text.lstrip("\ufeff")[match.end() :]
    try:
        metadata = _as_json(yaml.safe_load(match[1]))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return Card(body=body, errors=(f"invalid YAML: {error}",))
    if metadata is None:
        return Card(body=body, warnings=("empty or missing yaml metadata in repo card",))
    if not isinstance(metadata, dict):
        return Card(body=body, errors=("the metadata must be a mapping of keys to values",))
    return Card(metadata, body, tuple(_shape_errors(metadata)))


def tags_of(metadata: dict[str, Any]) -> list[str]:
    """Tags as the Hub derives them: plain ones, and `key:value` for the keys it knows."""
    tags = texts(metadata.get("tags"))
    for key in ("library_name", "pipeline_tag"):
        tags += texts(metadata.get(key))
    for key in _PREFIXED:
        tags += [f"{key}:{value}" for value in texts(metadata.get(key))]
    tags += [f"dataset:{value}" for value in texts(metadata.get("datasets"))]
    tags += [f"language:{value}" for value in texts(metadata.get("language"))]
    return list(dict.fromkeys(tags))


def _as_json(value: Any) -> Any:
    """What JSON can hold: dates and `.nan` become text, keys that are no text are left out.

    ValueError when it is long: a few lines of YAML can refer to each other and mean gigabytes.
    """
    written, length = [], 0
    for part in json.JSONEncoder(default=str, skipkeys=True).iterencode(value):
        written.append(part)
        length += len(part)
        if length > METADATA_MAX_CHARACTERS:
            raise ValueError(f"more than {METADATA_MAX_CHARACTERS} characters of metadata")
    return json.loads("".join(written), parse_constant=str)


def texts(value: object) -> list[str]:
    """One value or a list of them as a list of words, [] for nothing."""
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _shape_errors(metadata: dict[str, Any]) -> Iterator[str]:
    for key in ("license", "language", "tags", "datasets", "base_model", "task_categories"):
        value = metadata.get(key)
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, str | None) for part in parts):
            yield f'"{key}" must be a string or a list of strings'
    unknown = set(texts(metadata.get("license"))) - LICENSES
    if unknown:
        known = ", ".join(sorted(LICENSES))
        yield f'"license" must be one of [{known}], not {min(unknown)!r}'
    for key in ("library_name", "pipeline_tag", "pretty_name"):
        if not isinstance(metadata.get(key, ""), str | None):
            yield f'"{key}" must be a string'
    for key in ("model-index", "configs"):
        if not isinstance(metadata.get(key), list | None):
            yield f'"{key}" must be a list'
