"""The only writes to the Hub: one commit a publish, or none where nothing changed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfUriError, RepositoryNotFoundError

from publishing.hub_errors import errors_for_people, without_secrets
from publishing.manifest import FILE, is_ours
from publishing.plan import Complete, Operation, Plan, additions, difference, planned
from publishing.remote import (
    Previous,
    Target,
    file_ids,
    if_there,
    is_hidden,
    next_tag,
    read_existing,
    read_previous,
    tag_of,
    version_tags,
)
from publishing.retries import FAILURES, ContradictionError, Patience, answers

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """Where it is now. ``changed`` is False where the Hub already held exactly this."""

    repo_id: str
    repo_type: str
    revision: str
    tag: str
    url: str
    changed: bool


def publish_folder(
    api: HfApi,
    target: Target,
    folder: Path,
    complete: Complete,
    message: str,
    patience: Patience | None = None,
) -> Published:
    """Make the repository hold exactly this folder and the texts of ``complete``.

    It is one commit, then a version tag. The commit names its parent, so a commit by somebody
    else in between is seen; then, and after a lost answer or a failure of the Hub, everything is
    read and compared anew, ``complete`` is asked again, and what landed is not sent twice. Large
    files go first: until the commit, nobody sees them, and a killed upload goes on where it was.
    """
    patience = patience or Patience()
    with errors_for_people(api, target.repo_id):
        files = additions(folder)
        sent = False
        while True:
            try:
                with answers():
                    _ensure_repo(api, target)
                    previous = _with_its_tag(api, target, _read_made(api, target))
                texts = complete(previous)
                with answers():
                    operations = difference(api, target, previous, files, texts)
                    if operations:
                        sent = True
                        head = _commit(api, target, operations, previous.head or "", message)
                        tag = _tag(api, target, head)
                    else:
                        tag = previous.tag or _tag(api, target, previous.head or "")
                        head = version_tags(api, target)[tag]
                break
            except FAILURES as error:
                patience.wait_or_raise(error, target.repo_id)
    published = Published(target.repo_id, target.repo_type, head, tag, _url(api, target), sent)
    log.info("%s %s at %s", _state(published), target.repo_id, head[:8])
    return published


def plan_publish(api: HfApi, target: Target, folder: Path, complete: Complete) -> Plan:
    """What ``publish_folder`` would do; reads only, and the repository need not exist."""
    with errors_for_people(api, target.repo_id):
        with answers():
            previous = read_previous(api, target)
        operations = difference(api, target, previous, additions(folder), complete(previous))
        there = {} if previous.head is None else file_ids(api, target, previous.head)
        hides = previous.head is not None and target.private and not is_hidden(api, target)
    return planned(target, previous, operations, set(there), hides)


def head_revision(api: HfApi, repo_id: str, repo_type: str) -> str | None:
    """The newest commit with a manifest, or None where nothing was published yet."""
    with errors_for_people(api, repo_id):
        return if_there(lambda: _head_with_manifest(api, repo_id, repo_type))


def _head_with_manifest(api: HfApi, repo_id: str, repo_type: str) -> str | None:
    head: str | None = api.repo_info(repo_id, repo_type=repo_type).sha
    return head if api.file_exists(repo_id, FILE, repo_type=repo_type) else None


def _ensure_repo(api: HfApi, target: Target) -> None:
    """Make it where it is missing. Hide a public one where the desk asks for it, and never show
    a hidden one.
    """
    repo_id, repo_type = target.repo_id, target.repo_type
    try:
        api.create_repo(repo_id, repo_type=repo_type, private=target.private, exist_ok=True)
    except (HfUriError, KeyError):
        # It exists, and the token may create nothing, or the Hub says no more than that: the
        # client stumbles over its address. Whether the token may commit is asked next.
        log.debug("%s exists", repo_id)
    if target.private and not is_hidden(api, target):
        api.update_repo_settings(repo_id, repo_type=repo_type, private=True)


def _read_made(api: HfApi, target: Target) -> Previous:
    """What is there now; a repository that was just made or found cannot be missing."""
    try:
        return read_existing(api, target)
    except RepositoryNotFoundError:
        # Its text names the address asked.
        raise ContradictionError(f"{target.repo_id} exists, and is not found") from None


def _with_its_tag(api: HfApi, target: Target, previous: Previous) -> Previous:
    """Tag the version at head where a publish died between its commit and its tag.

    Else a next version with other content would leave that one without a tag for ever, and be
    compared with the tag before.
    """
    if previous.head is None or previous.tag or not is_ours(previous.manifest):
        return previous
    return replace(previous, tag=_tag(api, target, previous.head))


def _commit(
    api: HfApi, target: Target, operations: Sequence[Operation], head: str, message: str
) -> str:
    added = [op for op in operations if isinstance(op, CommitOperationAdd)]
    api.preupload_lfs_files(target.repo_id, added, repo_type=target.repo_type)
    commit = api.create_commit(
        target.repo_id,
        operations,
        repo_type=target.repo_type,
        commit_message=message,
        parent_commit=head,
    )
    return commit.oid


def _tag(api: HfApi, target: Target, revision: str) -> str:
    """Give this commit the next version tag, unless it has one; people's own do not count."""
    tags = version_tags(api, target)
    tag = tag_of(tags, revision)
    if not tag:
        tag = next_tag(tags)
        api.create_tag(target.repo_id, tag=tag, revision=revision, repo_type=target.repo_type)
    return tag


def _url(api: HfApi, target: Target) -> str:
    kind = "" if target.repo_type == "model" else f"{target.repo_type}s/"
    return f"{without_secrets(api.endpoint).rstrip('/')}/{kind}{target.repo_id}"


def _state(published: Published) -> str:
    return "published" if published.changed else "unchanged"
