"""A data set of two large files and a small one, in versions, as tests of faults publish it."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import HfApi

from publishing.hub import Published, publish_folder
from publishing.manifest import file_hashes
from publishing.remote import Previous, Target
from publishing.retries import Patience
from tests.publishing.manifests import manifest_json

QUICK = (0.01, 0.01, 0.01)


def client(endpoint: str) -> HfApi:
    return HfApi(endpoint=endpoint, token=os.environ["HF_TOKEN"])


def write_version(folder: Path, version: str) -> Path:
    """Two large files and a small one; one of the large ones is the same in every version.

    No other test has the same: the Hub knows content that was ever uploaded.
    """
    for name, text in (("data/test.parquet", "same"), ("data/train.parquet", version)):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(f"PAR1{folder}{text}\0".encode() * 4_000)
    (folder / "notes.txt").write_text(version, encoding="utf-8")
    return folder


def send(api: HfApi, repo_id: str, folder: Path, version: str) -> Published:
    write_version(folder, version)

    def complete(previous: Previous) -> Mapping[str, str]:
        card = f"# Version {version}\n"
        files = file_hashes(folder) | {"card": hashlib.sha256(card.encode()).hexdigest()}
        return {"manifest.json": manifest_json(files), "README.md": card}

    patience = Patience(pauses=QUICK)
    return publish_folder(api, Target(repo_id, "dataset"), folder, complete, version, patience)


def commits(api: HfApi, repo_id: str) -> list[str]:
    return [c.title for c in api.list_repo_commits(repo_id, repo_type="dataset")]


def tags(api: HfApi, repo_id: str) -> dict[str, str]:
    refs = api.list_repo_refs(repo_id, repo_type="dataset")
    return {tag.name: tag.target_commit for tag in refs.tags}


def assert_holds(api: HfApi, repo_id: str, revision: str, folder: Path, copy: Path) -> None:
    """Every file of the folder is there, byte by byte, as another client reads it."""
    api.snapshot_download(repo_id, repo_type="dataset", revision=revision, local_dir=copy)
    for file in (file for file in folder.rglob("*") if file.is_file()):
        assert (copy / file.relative_to(folder)).read_bytes() == file.read_bytes(), file
