"""Names that come from outside: repository ids, paths inside a repository, branch and tag names."""

import re
from dataclasses import dataclass

from dulwich.refs import Ref, check_ref_format

from embedded.hub.errors import HubError

KINDS = ("models", "datasets", "spaces")
RESERVED_NAMESPACES = frozenset({*KINDS, "api", "login", "healthz", "static", "lfs-objects"})
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?")
REF_MAX_BYTES, REF_PART_MAX_BYTES = 1024, 200
PROPOSALS = "refs/pr/"
_PROPOSAL = re.compile(rf"{PROPOSALS}[1-9][0-9]{{0,8}}")
_FULL_SHA = re.compile(r"[0-9a-f]{40}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, slots=True)
class RepoId:
    """One repository; `kind` is the plural used in the API's addresses."""

    kind: str
    namespace: str
    name: str

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def url_path(self) -> str:
        """Address below the endpoint: models have no prefix, as on the Hub."""
        return f"/{self.full_name}" if self.kind == "models" else f"/{self.kind}/{self.full_name}"


def parse_repo_id(kind: str, namespace: str, name: str) -> RepoId:
    """Checks each part against the Hub's rules; HubError 400 names the part that breaks them."""
    if kind not in KINDS:
        raise HubError(400, f"Repository type {kind!r} is unknown: use one of {', '.join(KINDS)}")
    for part in (namespace, name):
        if not _NAME.fullmatch(part) or ".." in part or "--" in part or part.endswith(".git"):
            raise HubError(
                400,
                f"Invalid repository name {part!r}: letters, digits, '_', '.', '-' only, at most 96"
                " characters, no '..' or '--', no '.git' at the end",
            )
    if namespace in RESERVED_NAMESPACES:
        raise HubError(400, f"Namespace {namespace!r} is reserved: choose another one")
    return RepoId(kind, namespace, name)


def check_path(path: str) -> str:
    """A path inside a repository, unchanged; HubError 422 for anything that could leave it."""
    parts = path.split("/")
    unsafe = any(part in ("", ".", "..") or part.lower() == ".git" for part in parts)
    if unsafe or _CONTROL.search(path) or len(path.encode()) > 1024:
        raise HubError(422, f"Invalid path {path!r}: use a relative path without '.', '..', '.git'")
    return path


def check_ref_name(name: str, prefix: str) -> Ref:
    """Full reference such as `refs/tags/v1`; HubError 400 for what git itself would refuse."""
    full = f"{prefix}{name}".encode()
    # git keeps references as files.
    is_long = len(full) > REF_MAX_BYTES or max(map(len, full.split(b"/"))) > REF_PART_MAX_BYTES
    # A commit is asked for by its SHA, which a name must not hide.
    is_taken = name.startswith("refs/") or name == "HEAD" or _FULL_SHA.fullmatch(name)
    if is_long or is_taken or not check_ref_format(Ref(full)):
        raise HubError(400, f"Invalid reference name: {name[:REF_MAX_BYTES]!r}")
    return Ref(full)


def head_ref(name: str) -> Ref:
    """What a commit to `name` moves: a branch, or a proposed change such as `refs/pr/1`."""
    return Ref(name.encode()) if is_proposal(name) else check_ref_name(name, "refs/heads/")


def is_proposal(name: str) -> bool:
    return _PROPOSAL.fullmatch(name) is not None
