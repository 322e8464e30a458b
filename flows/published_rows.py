"""What the published model says of the test articles: asked once a version and test."""

import logging
from typing import Any

from corpus.desk import Desk
from corpus.errors import DeskError
from flows.ask_published import published_answers
from flows.frozen_test import Pairs, pairs_digest, predicted_rows
from flows.hub_access import download_model
from flows.model_store import Kind, kind_folder
from publishing.predictions import read_predictions, write_predictions
from publishing.published_model import PublishedModel

log = logging.getLogger("flows.published_rows")

# What the published model said of the test: beside the candidate's own predictions.
PREVIOUS = "previous"
FORCE: dict[Kind, str] = {
    "topics": "copydesk publish",
    "entities": "copydesk publish",
    "instructions": "copydesk train sft",
}


class UnaskableError(DeskError):
    """The published model cannot be loaded."""


def published_rows(
    desk: Desk, kind: Kind, published: PublishedModel, pairs: Pairs
) -> list[dict[str, Any]]:
    """What the published model says of the same articles. Raises UnaskableError."""
    name = published.repo_id.replace("/", "--")
    digest = pairs_digest(pairs)
    if kind == "instructions":
        # Asked otherwise, it answers otherwise.
        digest += "-" + "-".join(map(str, desk.models.instructions.decoding().values()))
    file = kind_folder(desk, kind) / PREVIOUS / f"{name}-{published.revision}-{digest}.jsonl"
    if not file.exists():
        log.info("asking %s %s about %d articles", published.repo_id, published.tag, len(pairs))
        rows = _ask(desk, kind, published, pairs)
        for older in file.parent.glob(f"{name}-*.jsonl"):
            older.unlink()
        write_predictions(rows, file)
    return read_predictions(file)


def _ask(desk: Desk, kind: Kind, published: PublishedModel, pairs: Pairs) -> list[dict[str, Any]]:
    folder = download_model(published.repo_id, published.revision)
    try:
        if kind == "instructions":
            return published_answers(desk, folder, [pair for _, pair in pairs])
        return predicted_rows(kind, folder, pairs) if pairs else []
    # Whatever a library raises for files that are gone, cut off, or of another version of it.
    except Exception as error:
        raise UnaskableError(
            f"The published {kind} model {published.repo_id} {published.tag} cannot be asked: "
            f"{type(error).__name__}: {error}",
            f"Mend or delete it on the Hub, or replace it: {FORCE[kind]} --force-model.",
        ) from error
