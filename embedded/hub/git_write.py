"""Writing to a repository: commits, branches and tags. Callers hold the repository's lock.

Blobs and trees are written first and the branch moves last, by compare-and-swap: a process
killed in between leaves the old head and some unreachable objects.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from dulwich.index import commit_tree
from dulwich.object_store import iter_tree_contents
from dulwich.objects import ZERO_SHA, Blob, Commit, ObjectID, Tag, Tree
from dulwich.pack import ObjectContainer
from dulwich.refs import Ref
from dulwich.repo import Repo

from embedded.hub.durable import sync_folder
from embedded.hub.errors import HubError, revision_not_found
from embedded.hub.names import check_ref_name
from embedded.hub.packs import NewObjects, new_objects

MAIN = Ref(b"refs/heads/main")
_FILE_MODE = 0o100644


@dataclass(frozen=True, slots=True)
class FileAdd:
    """Writes a file, replacing an older one; large files come here as their pointer."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Delete:
    """Removes a file, or everything in a folder: the Hub does not insist on which."""

    path: str


Change = FileAdd | Delete


@dataclass(frozen=True, slots=True)
class CommitText:
    summary: str
    description: str
    author: str

    @property
    def message(self) -> bytes:
        parts = [part for part in (self.summary, self.description) if part]
        return "\n\n".join(parts).encode()

    @property
    def identity(self) -> bytes:
        return f"{self.author} <{self.author}@users.noreply.localhost>".encode()


def write_first_commit(repo: Repo, files: Iterable[FileAdd], text: CommitText) -> ObjectID:
    with new_objects(repo.object_store) as objects:
        commit = _commit(objects, [], _tree(objects, {}, files), text)
    return _move_ref(repo, MAIN, ZERO_SHA, commit)


def write_commit(
    repo: Repo,
    branch: Ref,
    head: ObjectID,
    changes: Iterable[Change],
    text: CommitText,
    is_new: bool = False,
) -> ObjectID:
    """Applies the changes in order on top of `head` and moves the branch, or makes it if new.

    HubError 404 for deleting what is not there, 422 for a file in place of a folder, 412 when
    the branch no longer points at `head`.
    """
    parent = repo[head]
    if not isinstance(parent, Commit):
        raise HubError(422, f"{head.decode()} is no commit")
    files = {
        entry.path: (entry.sha, entry.mode)
        for entry in iter_tree_contents(repo.object_store, parent.tree)
        if entry.path is not None and entry.sha is not None and entry.mode is not None
    }
    with new_objects(repo.object_store) as objects:
        commit = _commit(objects, [head], _tree(objects, files, changes), text)
    return _move_ref(repo, branch, ZERO_SHA if is_new else head, commit)


def create_proposal(repo: Repo, ref: Ref, target: ObjectID) -> None:
    """A proposed change without a change yet."""
    _move_ref(repo, ref, ZERO_SHA, target)


def squash_branch(repo: Repo, branch: Ref, head: ObjectID, text: CommitText) -> ObjectID:
    """One commit without history that holds the files of `head`."""
    old = repo[head]
    if not isinstance(old, Commit):
        raise HubError(422, f"{head.decode()} is no commit")
    with new_objects(repo.object_store) as objects:
        commit = _commit(objects, [], old.tree, text)
    return _move_ref(repo, branch, head, commit)


def create_branch(repo: Repo, name: str, target: ObjectID, overwrite: bool) -> None:
    ref = check_ref_name(name, "refs/heads/")
    if ref in repo.refs and not overwrite:
        raise HubError(409, f"Reference {ref.decode()} already exists")
    _move_ref(repo, ref, None, target)


def create_tag(repo: Repo, name: str, target: ObjectID, text: CommitText) -> None:
    """A tag with its message when there is one, else a plain reference; HubError 409 if taken."""
    ref = check_ref_name(name, "refs/tags/")
    if ref in repo.refs:
        raise HubError(409, f"Tag reference exists already: {name}")
    # Tags are looked for first: nobody would see the branch again.
    if check_ref_name(name, "refs/heads/") == MAIN:
        raise HubError(409, f"{name!r} is the branch that every repository keeps")
    sha = target
    if text.message:
        tag = Tag()
        tag.name, tag.message, tag.tagger = name.encode(), text.message, text.identity
        tag.object = (Commit, target)
        tag.tag_time, tag.tag_timezone = int(time.time()), 0
        with new_objects(repo.object_store) as objects:
            objects.add_object(tag)
        sha = tag.id
    _move_ref(repo, ref, ZERO_SHA, sha)


def delete_ref(repo: Repo, name: str, prefix: str) -> None:
    """HubError 403 for the main branch, 404 for what is not there."""
    ref = check_ref_name(name, prefix)
    if ref == MAIN:
        raise HubError(403, "Cannot delete refs/heads/main: every repository keeps it")
    if ref not in repo.refs:
        raise revision_not_found(name)
    repo.refs.remove_if_equals(ref, None)
    _sync_ref(repo, ref)


def _tree(
    objects: NewObjects, files: dict[bytes, tuple[ObjectID, int]], changes: Iterable[Change]
) -> ObjectID:
    for change in changes:
        _apply(objects, files, change)
    folders = {path[:i] for path in files for i, byte in enumerate(path) if byte == 47}
    clash = folders & files.keys()
    if clash:
        raise HubError(422, f"{min(clash).decode()!r} would be a file and a folder at once")
    if not files:
        empty = Tree()
        objects.add_object(empty)
        return empty.id
    entries = [(path, sha, mode) for path, (sha, mode) in files.items()]
    # Of the protocol it asks for, `commit_tree` uses `add_object` alone.
    return commit_tree(cast(ObjectContainer, objects), entries)


def _apply(objects: NewObjects, files: dict[bytes, tuple[ObjectID, int]], change: Change) -> None:
    path = change.path.encode()
    if isinstance(change, FileAdd):
        blob = Blob.from_string(change.content)
        objects.add_object(blob)
        files[path] = (blob.id, _FILE_MODE)
        return
    doomed = [name for name in files if name == path or name.startswith(path + b"/")]
    if not doomed:
        raise HubError(404, f"A file with this name doesn't exist: {change.path}", "EntryNotFound")
    for name in doomed:
        del files[name]


def _commit(
    objects: NewObjects, parents: list[ObjectID], tree: ObjectID, text: CommitText
) -> ObjectID:
    commit = Commit()
    commit.tree, commit.parents = tree, parents
    commit.author = commit.committer = text.identity
    commit.author_time = commit.commit_time = int(time.time())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding, commit.message = b"UTF-8", text.message
    objects.add_object(commit)
    return commit.id


def stale_parent() -> HubError:
    return HubError(
        412, "The branch was updated since you opened this page. Please refresh and try again."
    )


def _move_ref(repo: Repo, ref: Ref, old: ObjectID | None, new: ObjectID) -> ObjectID:
    """The new target, when the reference is on disk; HubError 412 when it is not at `old`."""
    try:
        moved = repo.refs.set_if_equals(ref, old, new)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise HubError(
            409, f"{ref.decode()} cannot stand beside a reference that is a part of its name"
        ) from error
    if not moved:
        raise stale_parent()
    _sync_ref(repo, ref)
    return new


def _sync_ref(repo: Repo, ref: Ref) -> None:
    """dulwich syncs the file; this puts its name on disk, and those of its folders."""
    top = Path(os.fsdecode(repo.controldir()))
    for folder in (top / ref.decode()).parents:
        if folder == top:
            return
        if folder.is_dir():
            sync_folder(folder)
