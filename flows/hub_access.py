"""The Hub of the environment, as the flows use it."""

import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download

from publishing.changes import Labelled, read_labels
from publishing.hub import head_revision
from publishing.progress import show_uploads_on_terminals
from publishing.signed_addresses import hide_signed_addresses
from publishing.timeouts import limit_waiting

# Once a process: doing it closes the connections that are open.
_limit_waiting = cache(limit_waiting)


def hub_api() -> HfApi:
    """A client of HF_ENDPOINT with HF_TOKEN, read now and not at import."""
    _limit_waiting()
    show_uploads_on_terminals()
    hide_signed_addresses()
    return HfApi(endpoint=os.environ.get("HF_ENDPOINT"), token=os.environ.get("HF_TOKEN"))


def last_revision(repo_id: str) -> str | None:
    """The commit of the last published model, or None before the first."""
    return head_revision(hub_api(), repo_id, "model")


def labels_at(repo_id: str) -> Callable[[str, Sequence[str]], dict[str, Labelled]]:
    """Reads the labels in these files of a published data set at a revision."""

    def read(revision: str, names: Sequence[str]) -> dict[str, Labelled]:
        folder = hub_api().snapshot_download(
            repo_id, repo_type="dataset", revision=revision, allow_patterns=list(names)
        )
        return read_labels(Path(folder), names)

    return read


def download_model(repo_id: str, revision: str) -> Path:
    """The folder with this revision of a model, downloaded once."""
    api = hub_api()
    return Path(
        snapshot_download(repo_id, revision=revision, endpoint=api.endpoint, token=api.token)
    )
