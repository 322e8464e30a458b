"""Every figure of a card stands under a key of its manifest, and the manifest reads back."""

import json
import math
from typing import Any

import pytest

from corpus.errors import DeskError
from publishing import figures
from publishing.manifest import (
    Manifest,
    from_json,
    read_manifest,
    same_content,
    to_json,
)
from publishing.render import card_figures, render_model_card
from tests.publishing.manifests import REPO, dataset_manifest, model_manifest


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_figure_that_was_not_measured_stops_the_card(value: float) -> None:
    manifest = model_manifest()
    scores = manifest.scores | {"accuracy": {"value": value, "low": 0.1, "high": 0.2}}
    with pytest.raises(DeskError, match="/scores/accuracy/value"):
        render_model_card(manifest.model_copy(update={"scores": scores}), REPO)


def test_every_shown_value_stands_under_its_key() -> None:
    manifests: list[Manifest] = [
        dataset_manifest(), model_manifest("topics", benchmark=True), model_manifest("entities"),
    ]  # fmt: skip
    for manifest in manifests:
        content = json.loads(to_json(manifest))
        shown = card_figures(manifest, REPO)
        assert len(shown) > 60
        for item in shown:
            if item.key.startswith(("/repo_id", "/owner")):
                continue
            value = at_pointer(content, item.key)
            assert item.text.replace("\\|", "|") in written(value), item


def at_pointer(content: Any, pointer: str) -> Any:
    """RFC 6901, and ``#`` at the end for the name itself."""
    name = ""
    for part in pointer.removesuffix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        content = content[int(name)] if isinstance(content, list) else content[name]
    return name if pointer.endswith("#") else content


def written(value: Any) -> set[str]:
    if isinstance(value, float):
        return {f"{value:.3f}", f"{value:g}"}
    text = str(value)
    quoted = "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
    return {text, text[:10], text[:4], quoted}


def test_a_number_without_a_key_stops_the_card() -> None:
    with pytest.raises(DeskError, match=r"shows 0\.999, which stands under no key"):
        figures.require_keys("Accuracy is 0.999.")
    # Numbers in code and names are no claims.
    figures.require_keys("`seed=999`, F1, [x](/a/12), v1\n```python\nn = 3\n```\n")
    total = figures.keyed({"a": 2, "b": 3})
    assert figures.shown_figures(figures.marked(total["a"])) == [figures.Shown("/a", "2")]
    large = figures.keyed({"a": 14_853_888})
    assert figures.shown_figures(figures.grouped(large["a"])) == [figures.Shown("/a", "14,853,888")]
    with pytest.raises(DeskError, match="no figure of its manifest"):
        figures.marked(total["a"] + total["b"])


def test_the_same_content_is_not_new_because_code_is() -> None:
    olds: list[Manifest] = [dataset_manifest(), model_manifest()]
    for old in olds:
        later = old.provenance.model_copy(update={"code_revision": "fedcba987654"})
        new: Any = old.model_copy(update={"provenance": later})
        assert same_content(new, read_manifest(to_json(old)))
        assert not same_content(new.model_copy(update={"language": "de"}), old)
        assert not same_content(new, None)
        assert not same_content(new, read_manifest("no json"))


@pytest.mark.parametrize("kind", ["dataset", "topics", "entities", "instructions"])
def test_manifests_read_back_as_they_were(kind: str) -> None:
    manifest: Manifest = dataset_manifest() if kind == "dataset" else model_manifest(kind)
    assert from_json(to_json(manifest)) == manifest
    assert to_json(from_json(to_json(manifest))) == to_json(manifest)
