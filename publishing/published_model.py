"""The last version of a model that Copydesk published."""

import json
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi

from publishing.hub_errors import errors_for_people
from publishing.manifest import ModelManifest, file_hashes, is_ours, listed_files, read_manifest
from publishing.manifest_parts import Gate
from publishing.remote import Target, read_previous, version_tags
from publishing.retries import FAILURES, Patience


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """``revision`` is the commit of its version tag, or head where it has none.

    ``labels`` are those it knows, ``files`` path → sha256, ``gate`` what let it through.
    """

    repo_id: str
    revision: str
    tag: str
    labels: tuple[str, ...]
    files: dict[str, str]
    gate: Gate | None


def last_published(
    api: HfApi, repo_id: str, kind: str, patience: Patience | None = None
) -> PublishedModel | None:
    """None before the first one, and where another kind of model, or nothing of ours, is there."""
    patience = patience or Patience()
    with errors_for_people(api, repo_id):
        while True:
            try:
                return _read(api, repo_id, kind)
            except FAILURES as error:
                patience.wait_or_raise(error, repo_id)


def is_same_model(published: PublishedModel, folder: Path) -> bool:
    """Whether every file of the model in this folder is what was published, byte by byte."""
    return file_hashes(folder).items() <= published.files.items()


def published_file(api: HfApi, published: PublishedModel, path: str) -> Path | None:
    """A file of that version, downloaded; None where it has none of this name."""
    if path not in published.files:
        return None
    with errors_for_people(api, published.repo_id):
        return Path(api.hf_hub_download(published.repo_id, path, revision=published.revision))


def _read(api: HfApi, repo_id: str, kind: str) -> PublishedModel | None:
    target = Target(repo_id, "model")
    previous = read_previous(api, target)
    text = previous.manifest
    if previous.head is None or text is None or not is_ours(text):
        return None
    raw = json.loads(text)
    if raw["kind"] != kind:
        return None
    # Of another Copydesk's manifest at least files and labels can be read.
    manifest = read_manifest(text)
    return PublishedModel(
        repo_id=repo_id,
        revision=version_tags(api, target)[previous.tag] if previous.tag else previous.head,
        tag=previous.tag or "",
        labels=tuple(str(label) for label in raw.get("labels") or ()),
        files={path: raw["files"][path] for path in sorted(listed_files(text) or ())},
        gate=manifest.gate if isinstance(manifest, ModelManifest) else None,
    )
