"""Cards of made manifests, and what no reader should have to see in any of them."""

import re
from typing import Any

from publishing.manifest import DatasetManifest
from publishing.render import render_dataset_card
from tests.publishing.manifests import REPO, configs_of, dataset_manifest
from tests.publishing.reviews import desk


def data_card(manifest: DatasetManifest, previous: str | None = None) -> str:
    # Of a desk's labels the configurations take the names alone; definitions are the manifest's.
    topics, entities = (dict.fromkeys(names, "x") for names in (manifest.topics, manifest.entities))
    about = desk(**{"labels.topics": topics, "labels.entities": entities})
    return render_dataset_card(manifest, REPO, configs_of(about), previous)


def labels_of(definitions: dict[str, str]) -> dict[str, Any]:
    part = next(iter(dataset_manifest().topics.values()))
    return {n: part.model_copy(update={"definition": d}) for n, d in definitions.items()}


def body_of(card: str) -> str:
    return card.split("\n---\n", 1)[1]


def require_readable(card: str) -> None:
    """What no reader should have to see, in any card."""
    body = body_of(card)
    for word in ("More Information Needed", "None", "nan", "{{", "{%", "Undefined"):
        assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", body), word
    # A long float, a heading that nothing follows, a mark of a figure.
    assert not re.search(r"\d\.\d{5,}", body)
    assert not re.search(r"^## .*\n\n## ", body, re.MULTILINE)
    assert "\n\n\n\n" not in body
    assert not re.search("[\ue000-\ue002]", body)
    require_tables(body)


def require_tables(body: str) -> None:
    """Every row of a table has as many cells as its head."""
    width = 0
    for line in [*re.sub(r"```.*?```", "", body, flags=re.DOTALL).splitlines(), ""]:
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not (width and cells) or cells == width, line
        width = cells
