"""The only writes to the Hub: one commit a publish, or none where nothing changed."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from corpus.errors import DeskError
from publishing.manifest import CARD, FILE

log = logging.getLogger(__name__)

ATTEMPTS = 3
# What the Hub makes itself; a README that people wrote there is kept as notes of our card.
HUBS_OWN = {".gitattributes", CARD}


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
    api: HfApi, repo_id: str, repo_type: str, folder: Path, message: str, private: bool = False
) -> Published:
    """Make the repository hold exactly this folder, in one commit with a version tag.

    The commit names its parent, so a commit by somebody else in between is seen and the
    comparison is made again. After a lost connection head is read again: what landed is
    not sent twice. Of what is there, only files that the last manifest lists are deleted, and a
    repository with files but without manifest is refused: somebody else filled it.
    """
    try:
        api.create_repo(repo_id, repo_type=repo_type, private=private, exist_ok=True)
        _keep_private(api, repo_id, repo_type, private)
        published = _publish(api, repo_id, repo_type, folder, message)
    except (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError) as error:
        raise hub_error(api, repo_id, error) from error
    state = "published" if published.changed else "unchanged"
    log.info("%s %s at %s", state, repo_id, published.revision[:8])
    return published


def head_revision(api: HfApi, repo_id: str, repo_type: str) -> str | None:
    """The newest commit with a manifest, or None where nothing was published yet."""
    try:
        found = api.file_exists(repo_id, FILE, repo_type=repo_type)
        return api.repo_info(repo_id, repo_type=repo_type).sha if found else None
    except RepositoryNotFoundError:
        return None
    except (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError) as error:
        raise hub_error(api, repo_id, error) from error


def read_text(api: HfApi, repo_id: str, repo_type: str, name: str) -> str | None:
    """A text file of the newest commit, or None where it is not there."""
    try:
        if not api.file_exists(repo_id, name, repo_type=repo_type):
            return None
        path = api.hf_hub_download(repo_id, name, repo_type=repo_type)
    except RepositoryNotFoundError:
        return None
    except (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError) as error:
        raise hub_error(api, repo_id, error) from error
    return Path(path).read_text(encoding="utf-8")


def hub_error(api: HfApi, repo_id: str, error: Exception) -> DeskError:
    """What a person reads instead of the client's exception; never a token."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status in (401, 403):
        return DeskError(
            f"The Hub at {api.endpoint} refuses the token for {repo_id} (HTTP {status}).",
            f"Set HF_TOKEN to a token that may write to {repo_id.split('/')[0]}/, or name another "
            "owner under publish: of the desk; that of the embedded Hub is copydesk/.",
        )
    if status is None and not isinstance(error, HFValidationError):
        return DeskError(
            f"The Hub at {api.endpoint} does not answer ({type(error).__name__}).",
            "Run copydesk doctor; copydesk up starts the embedded Hub.",
        )
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return DeskError(
        f"The Hub at {api.endpoint} refused {repo_id}: {first}",
        "Correct publish: of the desk, then run copydesk publish again; nothing was half-written.",
    )


def _publish(api: HfApi, repo_id: str, repo_type: str, folder: Path, message: str) -> Published:
    for attempt in range(1, ATTEMPTS + 1):
        head = api.repo_info(repo_id, repo_type=repo_type).sha or ""
        operations = _difference(api, repo_id, repo_type, folder, head)
        if not operations:
            return _tagged(api, repo_id, repo_type, head, changed=attempt > 1)
        try:
            commit = api.create_commit(
                repo_id,
                operations,
                repo_type=repo_type,
                commit_message=message,
                parent_commit=head or None,
            )
            return _tagged(api, repo_id, repo_type, commit.oid, changed=True)
        except (HfHubHTTPError, httpx2.TransportError) as error:
            if attempt == ATTEMPTS or not _may_retry(error):
                raise
            log.warning("%s: %s; reading head again", repo_id, type(error).__name__)
    raise AssertionError("the loop returns or raises")


def _may_retry(error: Exception) -> bool:
    status = getattr(getattr(error, "response", None), "status_code", None)
    # 412: head moved. No status: the connection broke, the commit may have landed.
    return status is None or status == 412 or status >= 500


def _difference(
    api: HfApi, repo_id: str, repo_type: str, folder: Path, head: str
) -> list[CommitOperationAdd | CommitOperationDelete]:
    remote = {
        item.path: (item.lfs.sha256 if item.lfs else item.blob_id)
        for item in api.list_repo_tree(repo_id, recursive=True, revision=head, repo_type=repo_type)
        if isinstance(item, RepoFile)
    }
    local = {
        str(path.relative_to(folder).as_posix()): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=path)
        for name, path in local.items()
        if not _same(path, remote.get(name))
    ]
    ours = _published_files(api, repo_id, repo_type, head, set(remote))
    stale = sorted((set(remote) & ours) - set(local))
    return [*operations, *(CommitOperationDelete(path_in_repo=name) for name in stale)]


def _published_files(
    api: HfApi, repo_id: str, repo_type: str, head: str, remote: set[str]
) -> set[str]:
    """The files that the manifest at head lists; DeskError where others are without one."""
    if FILE in remote:
        path = api.hf_hub_download(repo_id, FILE, repo_type=repo_type, revision=head)
        return set(json.loads(Path(path).read_text(encoding="utf-8")).get("files", ()))
    others = sorted(remote - HUBS_OWN)
    if others:
        raise DeskError(
            f"{repo_id} on {api.endpoint} holds files that Copydesk did not publish "
            f"({', '.join(others[:3])}).",
            "Name another repository under publish: of the desk, or empty this one first.",
        )
    return set()


def _keep_private(api: HfApi, repo_id: str, repo_type: str, private: bool) -> None:
    """Hide a public repository where the desk asks for it; never show a hidden one."""
    if private and not api.repo_info(repo_id, repo_type=repo_type).private:
        api.update_repo_settings(repo_id, repo_type=repo_type, private=True)


def _same(path: Path, oid: str | None) -> bool:
    if oid is None:
        return False
    data = path.read_bytes()
    if len(oid) == 64:
        return hashlib.sha256(data).hexdigest() == oid
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == oid


def _tagged(api: HfApi, repo_id: str, repo_type: str, revision: str, changed: bool) -> Published:
    """Give this commit the next version tag, unless it has one."""
    tags = {t.name: t.target_commit for t in api.list_repo_refs(repo_id, repo_type=repo_type).tags}
    tag = next((name for name, commit in sorted(tags.items()) if commit == revision), "")
    if not tag:
        tag = next_tag(tags)
        api.create_tag(repo_id, tag=tag, revision=revision, repo_type=repo_type)
    kind = "" if repo_type == "model" else f"{repo_type}s/"
    url = f"{api.endpoint.rstrip('/')}/{kind}{repo_id}"
    return Published(repo_id, repo_type, revision, tag, url, changed)


def next_tag(tags: Mapping[str, str]) -> str:
    """v1, v2, …: the first number above all that are taken."""
    numbers = [int(tag[1:]) for tag in tags if tag[:1] == "v" and tag[1:].isdigit()]
    return f"v{max(numbers, default=0) + 1}"
