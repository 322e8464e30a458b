"""What the API says about a repository: the JSON of lists and of the info call."""

from functools import lru_cache
from typing import Any

from dulwich.objects import Commit
from dulwich.repo import Repo

from embedded.hub.card import Card, parse_card, tags_of
from embedded.hub.git_read import (
    Entry,
    commit_time,
    commit_title,
    last_commits,
    read_file,
    read_folder,
    read_revision,
)
from embedded.hub.names import RepoId
from embedded.hub.store import Store


def summary(store: Store, repo_id: RepoId, revision: str = "main") -> dict[str, Any]:
    """Everything but the files; HubError when repository or revision are missing."""
    settings = store.settings(repo_id)
    with store.opened(repo_id) as repo:
        commit = read_revision(repo, revision)
        card = _card_at(str(store.folder(repo_id)), commit.id)
    data: dict[str, Any] = {
        "_id": commit.tree.decode()[:24],
        "id": repo_id.full_name,
        "author": repo_id.namespace,
        "sha": commit.id.decode(),
        "lastModified": commit_time(commit),
        "createdAt": settings.created_at,
        "private": settings.private,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": tags_of(card.metadata),
        "cardData": card.metadata,
    }
    if repo_id.kind == "models":
        data["modelId"] = repo_id.full_name
        for key in ("pipeline_tag", "library_name", "model-index"):
            if key in card.metadata:
                data[key] = card.metadata[key]
    return data


def siblings(repo: Repo, commit: Commit, with_blobs: bool) -> list[dict[str, Any]]:
    """All files; with `with_blobs` also size, git id and what lies behind a pointer."""
    files = [entry for entry in read_folder(repo, commit, "", True) if not entry.is_folder]
    if not with_blobs:
        return [{"rfilename": entry.path} for entry in files]
    return [_sibling(entry) for entry in files]


def tree_json(
    repo: Repo, commit: Commit, entries: list[Entry], expand: bool
) -> list[dict[str, Any]]:
    """Entries as the tree and paths-info calls give them; `expand` adds the last commit."""
    commits = last_commits(repo, commit, entries) if expand else {}
    return [_tree_item(entry, commits.get(entry.path)) for entry in entries]


def card_of(repo: Repo, commit: Commit) -> Card:
    content = read_file(repo, commit, "README.md")
    return Card() if content is None else parse_card(content.decode("utf-8", "replace"))


def _sibling(entry: Entry) -> dict[str, Any]:
    data = {"rfilename": entry.path, "size": entry.size, "blobId": entry.oid.decode()}
    if entry.pointer is None:
        return data
    return data | {
        "lfs": {
            "sha256": entry.pointer.sha256,
            "size": entry.size,
            "pointerSize": len(entry.pointer.to_bytes()),
        }
    }


def _tree_item(entry: Entry, last: Commit | None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "type": "directory" if entry.is_folder else "file",
        "oid": entry.oid.decode(),
        "size": entry.size,
        "path": entry.path,
    }
    if entry.pointer is not None:
        pointer = entry.pointer
        data["lfs"] = {
            "oid": pointer.sha256,
            "size": pointer.size,
            "pointerSize": len(pointer.to_bytes()),
        }
    if last is not None:
        data["lastCommit"] = {
            "id": last.id.decode(),
            "title": commit_title(last),
            "date": commit_time(last),
        }
    return data


@lru_cache(maxsize=1000)
def _card_at(folder: str, sha: bytes) -> Card:
    with Repo(folder, bare=True) as repo:
        return card_of(repo, read_revision(repo, sha.decode()))
