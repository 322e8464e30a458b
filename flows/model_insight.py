"""What `worth` and `probe_models` found out about a stored model, if it is of the gold as it is."""

import hashlib
import json
from typing import Any

from corpus.articles import gold_topics
from corpus.gold import Gold
from flows.model_store import StoredModel


def gold_digest(gold: Gold) -> str:
    """A short hash of every reviewed article's id, split and gold."""
    parts = [[r.article.id, r.split, gold_topics(r), repr(r.spans)] for r in gold.reviewed]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def current_insight(stored: StoredModel, gold: Gold) -> dict[str, Any]:
    """``worth`` and ``probes`` as they were written down; what is of other gold is left out."""
    digest = gold_digest(gold)
    worth, probes = stored.read("worth.json"), stored.read("probes.json")
    found: dict[str, Any] = {}
    if worth.get("digest") == digest:
        found["worth"] = worth["worth"]
    if probes.get("digest") == digest:
        found["probes"] = probes
    return found
