"""Columns as `datasets` describes them in a Parquet file: class labels and their names."""

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

LABEL_KEYS = ("label", "type", "entity_type", "tag")
_BUFFER_BYTES = 64 * 1024


def open_parquet(source: Path | bytes) -> "ParquetFile":
    """Reads through a small buffer, as a row group may be the whole file.

    Raises pyarrow's ArrowInvalid when the bytes are no Parquet.
    """
    # Loaded on first use: with it the server takes 45 MB more.
    import pyarrow.parquet as parquet

    content = BytesIO(source) if isinstance(source, bytes) else source
    return parquet.ParquetFile(content, pre_buffer=False, buffer_size=_BUFFER_BYTES)


def features_of(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """Features of a Parquet schema's metadata, {} where `datasets` has not written it."""
    raw = (metadata or {}).get(b"huggingface")
    if raw is None:
        return {}
    found: Any = json.loads(raw)
    for key in ("info", "features"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def class_names(feature: object) -> list[str] | None:
    """The names of a class label, None for any other feature."""
    if isinstance(feature, dict) and feature.get("_type") == "ClassLabel":
        names = feature.get("names")
        return names if isinstance(names, list) else None
    return None


def inner_feature(feature: Any) -> Any:
    """What the items of a list are."""
    if isinstance(feature, list):
        return feature[0] if feature else None
    return feature.get("feature") if isinstance(feature, dict) else None


def worded(value: Any, feature: Any) -> Any:
    """The value with every class label inside replaced by its name."""
    names = class_names(feature)
    if names and isinstance(value, int):
        return names[value] if 0 <= value < len(names) else value
    if isinstance(value, list):
        return [worded(item, inner_feature(feature)) for item in value]
    if isinstance(value, dict):
        inner = feature if isinstance(feature, dict) else {}
        return {key: worded(item, inner.get(key)) for key, item in value.items()}
    return value
