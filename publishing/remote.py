"""What a repository on the Hub holds now."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import RemoteEntryNotFoundError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from corpus.errors import DeskError
from publishing.manifest import CARD, FILE, listed_files
from publishing.retries import WRAPPED, ContradictionError

CHUNK_BYTES = 1024 * 1024
# People's own tags may look like versions; below so many of them the version is not looked for.
VERSIONS_READ = 5
# Also of people's tags, which may be dates: the next version is the number above all of them.
_VERSION = re.compile(r"v[1-9][0-9]{0,99}")
# A copy of the Hub that lags says that a repository is missing; it has so long to catch up.
ASKED_AGAIN_SECONDS = 1.0
T = TypeVar("T")
# What the Hub makes itself; a README that people wrote there is kept as notes of our card.
HUBS_OWN = {".gitattributes", CARD}


@dataclass(frozen=True, slots=True)
class Target:
    """Where to publish; ``repo_type`` is "dataset" or "model"."""

    repo_id: str
    repo_type: str
    private: bool = False


@dataclass(frozen=True, slots=True)
class Previous:
    """The texts at ``head`` and the tag of the version they are of, None where there is none; all
    None for a repository not yet made.
    """

    head: str | None
    tag: str | None
    card: str | None
    manifest: str | None


NOTHING = Previous(None, None, None, None)


def read_previous(api: HfApi, target: Target) -> Previous:
    """What the next version is compared with and merged into; NOTHING without a repository."""
    return if_there(lambda: read_existing(api, target)) or NOTHING


def if_there(read: Callable[[], T]) -> T | None:
    """What is read of a repository; None where the Hub says twice that there is none."""
    try:
        return read()
    except RepositoryNotFoundError:
        time.sleep(ASKED_AGAIN_SECONDS)
    try:
        return read()
    except RepositoryNotFoundError:
        return None


def read_existing(api: HfApi, target: Target) -> Previous:
    """The same of a repository that is known to exist.

    RepositoryNotFoundError or ContradictionError where the Hub does not show it, or a file that
    its tree names: taken for missing, people's notes would be overwritten.
    """
    head = api.repo_info(target.repo_id, repo_type=target.repo_type).sha
    if head is None:
        raise ContradictionError(f"{target.repo_id} exists, and has no commit")
    there = file_ids(api, target, head)
    manifest, card = (
        _require_text(api, target, name, head) if name in there else None for name in (FILE, CARD)
    )
    tags = version_tags(api, target)
    return Previous(head, _version(api, target, tags, head, manifest), card, manifest)


def _require_text(api: HfApi, target: Target, name: str, head: str) -> str:
    found = read_text(api, target, name, head)
    if found is None:
        raise ContradictionError(f"{target.repo_id} lists {name}, and does not give it")
    return found


def read_text(api: HfApi, target: Target, name: str, revision: str | None) -> str | None:
    """A file's text, None where the Hub says that there is none.

    A Hub that does not say so raises: what could not be read must not count as absent, or the
    next card would lose what people wrote into this one. So does one that sends something else.
    """
    try:
        path = api.hf_hub_download(
            target.repo_id, name, repo_type=target.repo_type, revision=revision
        )
    except RemoteEntryNotFoundError:
        return None
    except OSError as error:
        # The client's own check of the size; errors of this machine have a number.
        if error.errno is not None or isinstance(error, WRAPPED):
            raise
        raise ContradictionError(f"{target.repo_id} sends {name} shorter than it is") from error
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DeskError(
            f"{name} of {target.repo_id} is not UTF-8 (byte {error.start}).",
            f"Save {name} there as UTF-8, then run copydesk publish again.",
        ) from error


def is_hidden(api: HfApi, target: Target) -> bool:
    """Whether only those who may see it find the repository."""
    return bool(api.repo_info(target.repo_id, repo_type=target.repo_type).private)


def version_tags(api: HfApi, target: Target) -> dict[str, str]:
    """Every tag → the commit it stands for."""
    refs = api.list_repo_refs(target.repo_id, repo_type=target.repo_type)
    return {tag.name: tag.target_commit for tag in refs.tags}


def tag_of(tags: Mapping[str, str], revision: str) -> str:
    """The last version tag of a commit, empty where it has none."""
    number = max(_numbers({n: c for n, c in tags.items() if c == revision}), default=0)
    return f"v{number}" if number else ""


def next_tag(tags: Mapping[str, str]) -> str:
    """v1, v2, …: the first number above all that are taken."""
    return f"v{max(_numbers(tags), default=0) + 1}"


def file_ids(api: HfApi, target: Target, head: str) -> dict[str, str]:
    """Path → content id of every file: SHA-256 of a large one, else git's SHA-1."""
    tree = api.list_repo_tree(
        target.repo_id, recursive=True, revision=head, repo_type=target.repo_type
    )
    return {
        item.path: (item.lfs.sha256 if item.lfs else item.blob_id)
        for item in tree
        if isinstance(item, RepoFile)
    }


def is_same(operation: CommitOperationAdd, content_id: str | None) -> bool:
    """Whether the file of an operation is what the repository holds; read in pieces."""
    if content_id is None:
        return False
    if len(content_id) == 64:
        return operation.upload_info.sha256.hex() == content_id
    digest = hashlib.sha1(b"blob %d\0" % operation.upload_info.size, usedforsecurity=False)
    with operation.as_file() as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest() == content_id


def our_files(target: Target, manifest: str | None, remote: Mapping[str, str]) -> set[str]:
    """The files that our manifest at head lists; DeskError where others are without one."""
    listed = listed_files(manifest)
    if listed is not None:
        return listed
    others = sorted(set(remote) - HUBS_OWN)
    if others:
        raise DeskError(
            f"{target.repo_id} holds files that Copydesk did not publish: {', '.join(others[:3])}.",
            "Name another repository under publish: of the desk, or empty this one first.",
        )
    return set()


def _version(
    api: HfApi, target: Target, tags: Mapping[str, str], head: str, manifest: str | None
) -> str | None:
    """The tag of the version that head holds, also below commits of other people on top of it."""
    if manifest is None or tag_of(tags, head):
        return tag_of(tags, head) or None
    for number in sorted(_numbers(tags), reverse=True)[:VERSIONS_READ]:
        if read_text(api, target, FILE, f"v{number}") == manifest:
            return f"v{number}"
    return None


def _numbers(tags: Mapping[str, str]) -> list[int]:
    return [int(tag[1:]) for tag in tags if _VERSION.fullmatch(tag)]
