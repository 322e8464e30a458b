"""What a model that was trained on a file knows of it: training.json in its folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "training.json"


def write_facts(folder: Path, data: Path, facts: Mapping[str, Any]) -> None:
    """Of the file the name and its SHA-256, never where it lies."""
    of_file = {"data": data.name, "data_sha256": _sha256(data)}
    text = json.dumps({**facts, **of_file}, indent=2)
    (folder / FILE).write_text(text, encoding="utf-8")


def was_trained_on(folder: Path, data: Path) -> bool:
    """Whether the model in this folder was trained on this very file, as far as it knows."""
    file = folder / FILE
    facts = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return isinstance(facts, dict) and facts.get("data_sha256") == _sha256(data)


def _sha256(file: Path) -> str:
    from publishing.manifest import sha256_of

    return sha256_of(file)
