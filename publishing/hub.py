"""The only writes to the Hub: one commit a publish, or none where nothing changed."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError

from corpus.errors import DeskError
from publishing.manifest import FILE
from publishing.plan import Complete, Operation, Plan, additions, difference, planned
from publishing.remote import Target, file_ids, next_tag, read_previous, version_tags
from publishing.retries import LOST, Patience, status_of

log = logging.getLogger(__name__)

REFUSED = (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError, RuntimeError)


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
        first_head: str | None = None
        while True:
            try:
                _ensure_repo(api, target)
                previous = read_previous(api, target)
                first_head = first_head or previous.head
                operations = difference(api, target, previous, files, complete(previous))
                head = previous.head or ""
                if operations:
                    head = _commit(api, target, operations, head, message)
                tag = _tag(api, target, head)
                break
            except (HfHubHTTPError, *LOST) as error:
                patience.wait_or_raise(error, target.repo_id)
    published = Published(
        target.repo_id, target.repo_type, head, tag, _url(api, target), head != first_head
    )
    log.info("%s %s at %s", _state(published), target.repo_id, head[:8])
    return published


def plan_publish(api: HfApi, target: Target, folder: Path, complete: Complete) -> Plan:
    """What ``publish_folder`` would do; reads only, and the repository need not exist."""
    with errors_for_people(api, target.repo_id):
        previous = read_previous(api, target)
        operations = difference(api, target, previous, additions(folder), complete(previous))
        there = {} if previous.head is None else file_ids(api, target, previous.head)
    return planned(target, previous, operations, set(there))


def head_revision(api: HfApi, repo_id: str, repo_type: str) -> str | None:
    """The newest commit with a manifest, or None where nothing was published yet."""
    with errors_for_people(api, repo_id):
        try:
            found = api.file_exists(repo_id, FILE, repo_type=repo_type)
            return api.repo_info(repo_id, repo_type=repo_type).sha if found else None
        except RepositoryNotFoundError:
            return None


@contextmanager
def errors_for_people(api: HfApi, repo_id: str) -> Iterator[None]:
    """What the client raises inside becomes a DeskError that says what to do."""
    try:
        yield
    except REFUSED as error:
        raise hub_error(api, repo_id, error) from error


def hub_error(api: HfApi, repo_id: str, error: Exception) -> DeskError:
    """What a person reads instead of the client's exception; never a token."""
    status = status_of(error)
    if status in (401, 403):
        return DeskError(
            f"The Hub at {api.endpoint} refuses the token for {repo_id} (HTTP {status}).",
            f"Set HF_TOKEN to a token that may write to {repo_id.split('/')[0]}/, or name another "
            "owner under publish: of the desk; that of the embedded Hub is copydesk/.",
        )
    if status is None and not isinstance(error, HFValidationError):
        return DeskError(
            f"The Hub at {api.endpoint} does not answer ({type(error).__name__}).",
            "Run copydesk doctor; copydesk up starts the embedded Hub. Then publish again: it "
            "continues.",
        )
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    if status == 507:
        return DeskError(
            f"The Hub at {api.endpoint} has no room for {repo_id}: {first}",
            "Make room on its disk, then run copydesk publish again; nothing was half-written.",
        )
    if status is not None and (status >= 500 or status in (412, 429)):
        return DeskError(
            f"The Hub at {api.endpoint} kept failing for {repo_id}: {first}",
            "Run copydesk publish again later; it continues, and nothing was half-written.",
        )
    return DeskError(
        f"The Hub at {api.endpoint} refused {repo_id}: {first}",
        "Correct publish: of the desk, then run copydesk publish again; nothing was half-written.",
    )


def _ensure_repo(api: HfApi, target: Target) -> None:
    """Make it where it is missing. Hide a public one where the desk asks for it, and never show
    a hidden one.
    """
    repo_id, repo_type = target.repo_id, target.repo_type
    api.create_repo(repo_id, repo_type=repo_type, private=target.private, exist_ok=True)
    if target.private and not api.repo_info(repo_id, repo_type=repo_type).private:
        api.update_repo_settings(repo_id, repo_type=repo_type, private=True)


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
        parent_commit=head or None,
    )
    return commit.oid


def _tag(api: HfApi, target: Target, revision: str) -> str:
    """Give this commit the next version tag, unless it has one."""
    tags = version_tags(api, target)
    tag = next((name for name, commit in sorted(tags.items()) if commit == revision), "")
    if not tag:
        tag = next_tag(tags)
        api.create_tag(target.repo_id, tag=tag, revision=revision, repo_type=target.repo_type)
    return tag


def _url(api: HfApi, target: Target) -> str:
    kind = "" if target.repo_type == "model" else f"{target.repo_type}s/"
    return f"{api.endpoint.rstrip('/')}/{kind}{target.repo_id}"


def _state(published: Published) -> str:
    return "published" if published.changed else "unchanged"
