"""Reading a repository: revisions, trees, files, history and references."""

import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from dulwich.errors import NotTreeError
from dulwich.object_store import tree_lookup_path
from dulwich.objects import Commit, ObjectID, Tag, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from embedded.hub.blobs import Pointer, parse_pointer
from embedded.hub.errors import entry_not_found, revision_not_found
from embedded.hub.names import is_proposal

_FACTS: dict[ObjectID, tuple[int, Pointer | None]] = {}
_FACTS_MAX = 50_000
_SHORT_OR_FULL_SHA = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder of a tree; `size` is that of the content behind a pointer, in bytes."""

    path: str
    is_folder: bool
    oid: ObjectID
    size: int = 0
    pointer: Pointer | None = None

    @property
    def content_id(self) -> str:
        """What clients compare to skip unchanged files: SHA-256 of large ones, else git's SHA-1."""
        return self.pointer.sha256 if self.pointer else self.oid.decode()


def read_revision(repo: Repo, revision: str) -> Commit:
    """The commit of a branch, tag, full reference or SHA (7 digits or more).

    HubError RevisionNotFound when there is none.
    """
    # Tags first, as in git: a branch of the same name must not move what was pinned by a tag.
    for prefix in ("refs/tags/", "refs/heads/", ""):
        name = f"{prefix}{revision}"
        if name.startswith("refs/") and (sha := _read_ref(repo, name)) is not None:
            return _peel(repo, sha, revision)
    if _SHORT_OR_FULL_SHA.fullmatch(revision):
        for sha in repo.object_store.iter_prefix(revision.encode()):
            return _peel(repo, sha, revision)
    raise revision_not_found(revision)


def read_branch(repo: Repo, branch: str) -> Commit:
    """The head of a branch or a proposed change; HubError RevisionNotFound for all else."""
    sha = _read_ref(repo, branch if is_proposal(branch) else f"refs/heads/{branch}")
    if sha is None:
        raise revision_not_found(branch)
    return _peel(repo, sha, branch)


def read_folder(repo: Repo, commit: Commit, path: str, recursive: bool = False) -> list[Entry]:
    """What lies in a folder ("" for the root); HubError EntryNotFound when it is no folder."""
    found = find_entry(repo, commit, path) if path else Entry("", True, commit.tree)
    if found is None or not found.is_folder:
        raise entry_not_found(path)
    return list(_walk(repo, found.oid, f"{path}/" if path else "", recursive))


def find_entry(repo: Repo, commit: Commit, path: str) -> Entry | None:
    found = _lookup(repo, commit, path)
    return _entry(repo, path, *found) if found else None


def read_file(repo: Repo, commit: Commit, path: str) -> bytes | None:
    """Bytes of an ordinary file (of a large one: its pointer), None when there is none."""
    entry = find_entry(repo, commit, path)
    if entry is None or entry.is_folder:
        return None
    return read_blob(repo, entry.oid)


def read_blob(repo: Repo, oid: ObjectID) -> bytes:
    return repo.object_store.get_raw(oid)[1]


def history(repo: Repo, commit: Commit) -> Iterator[Commit]:
    """The commit and its first parents, newest first."""
    current: Commit | None = commit
    while current is not None:
        yield current
        parent = repo[current.parents[0]] if current.parents else None
        current = parent if isinstance(parent, Commit) else None


def last_commits(repo: Repo, commit: Commit, entries: Iterable[Entry]) -> dict[str, Commit]:
    """For each path, the commit that gave it the content it has now."""
    pending: dict[str, dict[str, ObjectID]] = {}
    for entry in entries:
        pending.setdefault(entry.path.rpartition("/")[0], {})[entry.path] = entry.oid
    found: dict[str, Commit] = {}
    newer, seen = commit, dict[str, ObjectID | None]()
    for current in history(repo, commit):
        for folder, paths in list(pending.items()):
            oid = _folder_oid(repo, current, folder)
            # One look at a folder, not one for each path; none where it is what it was.
            if seen.get(folder, b"") == oid:
                continue
            seen[folder] = oid
            there = _oids(repo, oid, folder)
            changed = [path for path in paths if there.get(path) != paths[path]]
            found |= dict.fromkeys(changed, newer)
            pending[folder] = {p: o for p, o in paths.items() if p not in found}
            if not pending[folder]:
                del pending[folder]
        newer = current
        if not pending:
            break
    return found | {path: newer for paths in pending.values() for path in paths}


def _folder_oid(repo: Repo, commit: Commit, path: str) -> ObjectID | None:
    found = _lookup(repo, commit, path) if path else (stat.S_IFDIR, commit.tree)
    return found[1] if found and stat.S_ISDIR(found[0]) else None


def _oids(repo: Repo, folder: ObjectID | None, path: str) -> dict[str, ObjectID]:
    """Path → what lies there, of a folder's own items; {} where there is no such folder."""
    tree = None if folder is None else repo.object_store[folder]
    prefix = f"{path}/" if path else ""
    items = tree.iteritems() if isinstance(tree, Tree) else ()
    return {f"{prefix}{item.path.decode('utf-8', 'replace')}": item.sha for item in items}


def references(repo: Repo, prefix: str) -> list[tuple[str, Commit]]:
    """Short names and commits of all references below `prefix`, sorted by name."""
    names = sorted(repo.refs.keys(base=Ref(prefix.encode())))
    return [(name.decode(), read_revision(repo, f"{prefix}{name.decode()}")) for name in names]


def commit_time(commit: Commit) -> str:
    """ISO 8601 in UTC with milliseconds, as the Hub writes times."""
    moment = datetime.fromtimestamp(commit.commit_time, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def commit_title(commit: Commit) -> str:
    return _text(commit.message).partition("\n")[0]


def commit_description(commit: Commit) -> str:
    return _text(commit.message).partition("\n")[2].strip()


def commit_author(commit: Commit) -> str:
    return _text(commit.author).partition(" <")[0]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _read_ref(repo: Repo, name: str) -> ObjectID | None:
    try:
        return repo.refs[Ref(name.encode())]
    except (KeyError, ValueError):
        return None


def _peel(repo: Repo, sha: ObjectID, revision: str) -> Commit:
    if sha not in repo.object_store:
        raise revision_not_found(revision)
    found = repo.object_store[sha]
    if isinstance(found, Tag):
        return _peel(repo, found.object[1], revision)
    if not isinstance(found, Commit):
        raise revision_not_found(revision)
    return found


def _walk(repo: Repo, oid: ObjectID, prefix: str, recursive: bool) -> Iterator[Entry]:
    tree = repo.object_store[oid]
    if not isinstance(tree, Tree):
        raise entry_not_found(prefix)
    for item in tree.iteritems():
        entry = _entry(repo, f"{prefix}{item.path.decode('utf-8', 'replace')}", item.mode, item.sha)
        yield entry
        if entry.is_folder and recursive:
            yield from _walk(repo, entry.oid, f"{entry.path}/", recursive)


def _entry(repo: Repo, path: str, mode: int, oid: ObjectID) -> Entry:
    if stat.S_ISDIR(mode):
        return Entry(path, True, oid)
    size, pointer = _blob_facts(repo, oid)
    return Entry(path, False, oid, size, pointer)


def _lookup(repo: Repo, commit: Commit, path: str) -> tuple[int, ObjectID] | None:
    try:
        return tree_lookup_path(repo.object_store.__getitem__, commit.tree, path.encode())
    except (KeyError, NotTreeError, ValueError):
        return None


def _blob_facts(repo: Repo, oid: ObjectID) -> tuple[int, Pointer | None]:
    """Size and pointer of a blob; an id always means the same bytes, so they are remembered."""
    known = _FACTS.get(oid)
    if known is None:
        content = read_blob(repo, oid)
        pointer = parse_pointer(content)
        known = (pointer.size if pointer else len(content)), pointer
        if len(_FACTS) >= _FACTS_MAX:
            _FACTS.clear()
        _FACTS[oid] = known
    return known
