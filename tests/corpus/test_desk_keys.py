"""docs/desk.md: every key of every desk, as the models have it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from corpus.desk_keys import Key, groups, page

PROJECT = Path(__file__).resolve().parents[2]
KEYS: dict[str, Key] = {key.name: key for group in groups() for key in group.keys}


def test_the_page_is_what_the_models_say() -> None:
    written = (PROJECT / "docs/desk.md").read_text(encoding="utf-8")
    assert written == page(), "docs/desk.md is old: make desk-page writes it anew"
    assert all(f"| `{name}` |" in written for name in KEYS)


def test_every_key_and_group_says_what_it_is() -> None:
    assert [name for name, key in KEYS.items() if not key.description] == []
    assert [group.name for group in groups() if not group.description] == []


def test_values_and_defaults() -> None:
    share = KEYS["review.blind_share"]
    assert (share.values, share.default) == ("number, ≥ 0, ≤ 0.5", "`0.1`")
    assert KEYS["publish.license"].default == "required"
    assert KEYS["source.limit"].values == "whole number, ≥ 1"
    assert KEYS["source.topic_values"].values == "text → text or null"
    assert KEYS["models.encoder"].default == "`offline`"


@pytest.mark.parametrize("file", [PROJECT / "desk.yaml", *sorted((PROJECT / "desks").iterdir())])
def test_every_key_of_the_shipped_desks_is_listed(file: Path) -> None:
    used = set(dotted(yaml.safe_load(file.read_text(encoding="utf-8"))))
    assert len(used) > 5
    assert used - set(KEYS) == set()


def dotted(raw: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, value in raw.items():
        key = f"{above}{name}"
        if isinstance(value, dict) and key not in KEYS:
            yield from dotted(value, f"{key}.")
        else:
            yield key
