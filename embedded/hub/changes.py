"""What a commit changed, for its page."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from dulwich.diff_tree import tree_changes
from dulwich.objects import Commit, ObjectID
from dulwich.repo import Repo

from embedded.hub.blobs import parse_pointer
from embedded.hub.git_read import read_blob

DIFF_MAX_BYTES = 100_000
DIFF_MAX_LINES = 400


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """`kind` is add, modify or delete; `lines` a unified diff, empty for large or binary files."""

    path: str
    kind: str
    lines: tuple[str, ...]
    note: str


def changed_files(repo: Repo, commit: Commit) -> list[ChangedFile]:
    """Against the first parent; the first commit adds everything."""
    parent = repo[commit.parents[0]] if commit.parents else None
    before = parent.tree if isinstance(parent, Commit) else None
    found = []
    for change in tree_changes(repo.object_store, before, commit.tree):
        old = change.old.sha if change.old is not None else None
        new = change.new.sha if change.new is not None else None
        side = change.new if new is not None else change.old
        if side is None or side.path is None:
            continue
        lines, note = _difference(repo, old, new)
        found.append(ChangedFile(side.path.decode("utf-8", "replace"), change.type, lines, note))
    return found


def _difference(
    repo: Repo, old: ObjectID | None, new: ObjectID | None
) -> tuple[tuple[str, ...], str]:
    contents = [b"" if oid is None else read_blob(repo, oid) for oid in (old, new)]
    if any(parse_pointer(content) for content in contents):
        return (), "large file"
    if any(b"\0" in content or len(content) > DIFF_MAX_BYTES for content in contents):
        return (), "not shown: binary or long"
    before, after = (content.decode("utf-8", "replace").splitlines() for content in contents)
    lines = tuple(_without_head(difflib.unified_diff(before, after, lineterm="", n=3)))
    note = f"first {DIFF_MAX_LINES} of {len(lines)} lines" if len(lines) > DIFF_MAX_LINES else ""
    return lines[:DIFF_MAX_LINES], note


def _without_head(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith(("--- ", "+++ ")):
            yield line
