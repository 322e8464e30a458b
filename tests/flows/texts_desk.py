"""A desk whose source is a file of a few texts, with no labels and no splits of its own."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def texts_desk(folder: Path, name: str, texts: Iterable[str], **more: Any) -> dict[str, Any]:
    """Its settings over those of desk.yaml, by dotted names; none of its articles is blind."""
    source = folder / "news.jsonl"
    if not source.exists():
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return {
        "name": name,
        "source.path": str(source),
        "source.format": "auto",
        "source.columns": {"text": "text"},
        "source.review_splits": None,
        "source.benchmark_split": None,
        "review.blind_share": 0.0,
        "publish.topic_model": f"copydesk/{name}-topics",
        "publish.entity_model": f"copydesk/{name}-entities",
        **more,
    }
