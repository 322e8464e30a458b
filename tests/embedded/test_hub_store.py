"""Repositories on disk: locks that never wait for themselves, and who changed what last."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.hf_api import RepoFile

from embedded.hub.names import RepoId
from embedded.hub.store import open_store


def test_names_with_dots_are_moved_into_each_other(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    source, target = RepoId("datasets", "a.b", "c"), RepoId("datasets", "a", "b.c")
    store.create(source, "somebody", private=False)
    moving = threading.Thread(target=store.move, args=(source, target), daemon=True)
    moving.start()
    moving.join(10)
    assert not moving.is_alive()
    assert store.exists(target)
    assert not store.exists(source)


@pytest.mark.services
def test_the_last_commit_of_each_of_many_files(hub_service: Any) -> None:
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    repo_id = "copydesk/many-files"
    api.create_repo(repo_id, exist_ok=True)
    names = [f"{folder}f{k:03d}.txt" for folder in ("", "deep/er/") for k in range(200)]
    files = [CommitOperationAdd(name, name.encode()) for name in names]
    api.create_commit(repo_id, files, commit_message="all")
    for k in range(40):
        changed = [CommitOperationAdd(f"deep/er/f{k:03d}.txt", b"new")]
        api.create_commit(repo_id, changed, commit_message=f"change {k}")
    begun = time.monotonic()
    tree = list(api.list_repo_tree(repo_id, recursive=True, expand=True))
    # Each path looked up in each commit took 6 s already after 15 of these commits.
    assert time.monotonic() - begun < 5
    titles = {
        f.path: f.last_commit.title for f in tree if isinstance(f, RepoFile) and f.last_commit
    }
    assert {titles[name] for name in names[:200]} == {"all"}
    assert [titles[name] for name in names[200:241]] == [*(f"change {k}" for k in range(40)), "all"]
