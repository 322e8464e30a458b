"""What a publish would change: the same comparison, for people to read first."""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from publishing.manifest import CARD, FILE
from publishing.remote import Previous, Target, file_ids, is_same, our_files

# The text files that depend on what is there: the card and the manifest.
Complete = Callable[[Previous], Mapping[str, str]]
Operation = CommitOperationAdd | CommitOperationDelete


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One file; ``diff`` is a unified diff of card and manifest, empty for others."""

    path: str
    kind: Literal["add", "update", "delete"]
    size_bytes: int
    diff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of one commit, none where the Hub already holds exactly this.

    ``hides``: the repository can be seen now, and would be private. ``refusal``: why the Hub would
    refuse them; None where it would not, or where that is not known.
    """

    target: Target
    head: str | None
    tag: str | None
    changes: tuple[PlannedChange, ...]
    hides: bool = False
    refusal: str | None = None


def additions(folder: Path) -> list[CommitOperationAdd]:
    """An operation for each file of a folder; made once, since each reads its file."""
    return [
        CommitOperationAdd(path_in_repo=path.relative_to(folder).as_posix(), path_or_fileobj=path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def difference(
    api: HfApi,
    target: Target,
    previous: Previous,
    files: Sequence[CommitOperationAdd],
    texts: Mapping[str, str],
) -> list[Operation]:
    """What makes the repository hold exactly these files.

    Of what is there, only files that the last manifest lists are deleted; a repository with files
    but without manifest is refused: somebody else filled it.
    """
    remote = {} if previous.head is None else file_ids(api, target, previous.head)
    wanted = [*files, *(_from_text(name, text) for name, text in texts.items())]
    ours = our_files(target, previous.manifest, remote)
    stale = sorted((set(remote) & ours) - {operation.path_in_repo for operation in wanted})
    changed = [op for op in wanted if not is_same(op, remote.get(op.path_in_repo))]
    return [*changed, *(CommitOperationDelete(path_in_repo=name) for name in stale)]


def planned(
    target: Target,
    previous: Previous,
    operations: Sequence[Operation],
    existing: set[str],
    hides: bool = False,
) -> Plan:
    """The operations as people read them."""
    before = {CARD: previous.card, FILE: previous.manifest}
    changes = [_change(operation, existing, before) for operation in operations]
    return Plan(target, previous.head, previous.tag, tuple(changes), hides)


def plan_summary(plan: Plan) -> Iterator[str]:
    """What would happen, with one line a file."""
    repo_id = plan.target.repo_id
    where = f"{plan.target.repo_type} {repo_id}"
    where += " (new)" if plan.head is None else f" at {plan.head[:8]}"
    if plan.refusal:
        mend = f"set HF_TOKEN to one that may write to {repo_id.split('/')[0]}/"
        yield f"{where}: would be refused, {plan.refusal}; {mend}"
    if plan.hides:
        yield f"{where}: becomes private"
    if not plan.changes:
        yield f"{where}: unchanged, no commit"
        return
    yield f"{where}: one commit with {len(plan.changes)} changes"
    for change in plan.changes:
        size = "" if change.kind == "delete" else f"  {change.size_bytes:,} bytes"
        yield f"  {change.kind:6}  {change.path}{size}"


def plan_differences(plan: Plan) -> Iterator[str]:
    """Of card and manifest, line by line; none where there is nothing to compare with."""
    for change in plan.changes if plan.head is not None else ():
        yield from map(_printable, change.diff)


def _printable(line: str) -> str:
    """What anybody can write into a card must not steer the reader's terminal."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)


def _from_text(name: str, text: str) -> CommitOperationAdd:
    return CommitOperationAdd(path_in_repo=name, path_or_fileobj=text.encode())


def _change(
    operation: Operation, existing: set[str], before: Mapping[str, str | None]
) -> PlannedChange:
    path = operation.path_in_repo
    if isinstance(operation, CommitOperationDelete):
        return PlannedChange(path, "delete", 0)
    kind: Literal["add", "update"] = "update" if path in existing else "add"
    size = operation.upload_info.size
    if path not in before:
        return PlannedChange(path, kind, size)
    with operation.as_file() as file:
        new = file.read().decode().splitlines()
    old = (before[path] or "").splitlines()
    diff = difflib.unified_diff(old, new, f"{path} on the Hub", f"{path} to publish", lineterm="")
    return PlannedChange(path, kind, size, tuple(diff))
