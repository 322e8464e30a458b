"""Uploads that end in a commit: the preupload question, large files, the commit itself."""

import base64
from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any

from dulwich.attrs import compile_gitattributes_patterns, match_path, parse_git_attributes
from dulwich.ignore import IgnoreFilter, read_ignore_patterns
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from embedded.hub.blobs import BlobStore, Pointer, check_sha256
from embedded.hub.discussions import next_number, proposal_ref, record
from embedded.hub.errors import HubError
from embedded.hub.git_read import find_entry, read_branch, read_file, read_revision
from embedded.hub.git_write import (
    Change,
    CommitText,
    Delete,
    FileAdd,
    stale_parent,
    write_commit,
)
from embedded.hub.names import check_path, head_ref
from embedded.hub.routing import Call, read_json

REGULAR_MAX_BYTES = 10 * 1024 * 1024
# Room for the greatest ordinary file in base64, and its path.
LINE_MAX_BYTES = REGULAR_MAX_BYTES * 4 // 3 + 64 * 1024
COMMIT_MAX_BYTES = 4 * 1024**3


def preupload(call: Call) -> Response:
    """For each file: ordinary or large, ignored or not, and its id when it is there already."""
    repo_id, _ = call.writable_repo()
    data = call.json()
    with call.hub.store.opened(repo_id) as repo:
        commit = read_revision(repo, call.params["revision"])
        attributes = BytesIO(read_file(repo, commit, ".gitattributes") or b"")
        patterns = compile_gitattributes_patterns(parse_git_attributes(attributes))
        sent = data.get("gitIgnore")
        rules = sent.encode() if isinstance(sent, str) else read_file(repo, commit, ".gitignore")
        ignored = IgnoreFilter(read_ignore_patterns(BytesIO(rules or b"")))
        files = []
        for item in _items(data, "files"):
            path = check_path(str(item.get("path")))
            tracked = match_path(patterns, path.encode()).get(b"filter") == b"lfs"
            entry = find_entry(repo, commit, path)
            known = entry is not None and not entry.is_folder
            files.append(
                {
                    "path": path,
                    "uploadMode": "lfs" if tracked or _is_large(item) else "regular",
                    "shouldIgnore": bool(ignored.is_ignored(path)),
                    "oid": entry.content_id if entry is not None and known else None,
                }
            )
    return JSONResponse({"files": files})


def lfs_batch(call: Call) -> Response:
    """Where to send large files; those already here get no action, so nothing is sent twice."""
    repo_id, _ = call.writable_repo()
    data = call.json()
    if data.get("operation") != "upload":
        raise HubError(422, "Only the operation 'upload' is served: download through resolve")
    objects = []
    for item in _items(data, "objects"):
        sha256, size = check_sha256(item.get("oid")), item.get("size")
        if not isinstance(size, int) or size < 0:
            raise HubError(422, f"Invalid size {size!r} of {sha256}: expected bytes")
        answer: dict[str, Any] = {"oid": sha256, "size": size}
        if call.hub.blobs.size(sha256) != size:
            expires, signature = call.hub.signer.sign(f"{sha256}:{size}")
            query = f"size={size}&expires={expires}&signature={signature}"
            verify = f"{call.base_url}{repo_id.url_path}.git/info/lfs/verify"
            answer["actions"] = {
                "upload": {"href": f"{call.base_url}/lfs-objects/{sha256}?{query}"},
                "verify": {"href": verify},
            }
        objects.append(answer)
    return JSONResponse({"transfer": "basic", "objects": objects})


async def lfs_put(call: Call) -> Response:
    """Takes a large file at an address signed by `lfs_batch`; no token comes with it."""
    sha256 = check_sha256(call.params["sha256"])
    size, expires = call.number("size", 0, 2**63), call.number("expires", 0, 2**63)
    signature = call.request.query_params.get("signature", "")
    call.hub.signer.check(f"{sha256}:{size}", expires, signature)
    await call.hub.blobs.receive(sha256, size, call.chunks(size))
    return Response(headers={"ETag": f'"{sha256}"'})


def lfs_verify(call: Call) -> Response:
    call.writable_repo()
    data = call.json()
    sha256 = check_sha256(data.get("oid"))
    if call.hub.blobs.size(sha256) != data.get("size"):
        raise HubError(404, f"Large file {sha256} is not here in full: upload it again")
    return JSONResponse({})


async def commit(call: Call) -> Response:
    """One commit from NDJSON lines; 412 when `parentCommit` is no longer the head.

    The body waits on disk, so that nobody holds the repository while a slow client sends.
    """
    call.writable_repo()
    async with call.spooled(COMMIT_MAX_BYTES) as file:
        return await run_in_threadpool(_commit, call, _lines(file))


def _commit(call: Call, lines: Iterator[tuple[str, dict[str, Any]]]) -> Response:
    repo_id, account = call.writable_repo()
    branch = call.params["revision"]
    key, header = next(lines, ("", {}))
    if key != "header":
        raise HubError(400, "The line with the key 'header' is missing: it comes first")
    text = CommitText(
        str(header.get("summary") or "Update"), str(header.get("description") or ""), account.name
    )
    with call.hub.store.locked(repo_id), call.hub.store.opened(repo_id) as repo:
        head = read_branch(repo, branch)
        parent = header.get("parentCommit")
        if parent and not head.id.decode().startswith(str(parent)):
            raise stale_parent()
        is_proposed = call.flag("create_pr")
        number = next_number(call.hub.store, repo_id, repo) if is_proposed else 0
        ref = proposal_ref(number) if is_proposed else head_ref(branch)
        changes = _changes(call.hub.blobs, lines)
        sha = write_commit(repo, ref, head.id, changes, text, is_new=is_proposed).decode()
        if is_proposed:
            record(call.hub.store, repo_id, number, text)
    page = f"{call.base_url}{repo_id.url_path}"
    answer = {"commitOid": sha, "commitUrl": f"{page}/commit/{sha}", "hookOutput": ""}
    if is_proposed:
        answer["pullRequestUrl"] = f"{page}/discussions/{number}"
    return JSONResponse({"success": True, **answer})


def _lines(file: IO[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and value of each line; HubError 400 for other lines, 413 for too long ones."""
    while line := file.readline(LINE_MAX_BYTES + 1):
        if len(line) > LINE_MAX_BYTES:
            raise HubError(
                413, f"A line is longer than {LINE_MAX_BYTES} bytes: send the file as a large one"
            )
        if not line.strip():
            continue
        data = read_json(line)
        key, value = data.get("key"), data.get("value")
        if not isinstance(key, str) or not isinstance(value, dict):
            raise HubError(400, "A commit is lines of JSON with 'key' and 'value'")
        yield key, value


def _changes(
    blobs: BlobStore, operations: Iterator[tuple[str, dict[str, Any]]]
) -> Iterator[Change]:
    for key, value in operations:
        path = check_path(str(value.get("path", "")).rstrip("/"))
        if key == "file":
            yield FileAdd(path, _content(path, value))
        elif key == "lfsFile":
            yield FileAdd(path, _stored_pointer(blobs, path, value).to_bytes())
        elif key in ("deletedFile", "deletedFolder"):
            yield Delete(path)
        else:
            raise HubError(400, f"Unknown operation {key!r} for {path!r}")


def _content(path: str, value: dict[str, Any]) -> bytes:
    content = value.get("content")
    if not isinstance(content, str):
        raise HubError(400, f"The content of {path!r} is missing")
    if value.get("encoding") != "base64":
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except ValueError as error:
        raise HubError(400, f"The content of {path!r} is no base64: {error}") from error


def _stored_pointer(blobs: BlobStore, path: str, value: dict[str, Any]) -> Pointer:
    sha256 = check_sha256(value.get("oid"))
    size = blobs.size(sha256)
    if size is None or value.get("size", size) != size:
        raise HubError(
            400, f"The large file {path!r} ({sha256}) was not uploaded in full: upload it first"
        )
    return Pointer(sha256, size)


def _items(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items = data.get(key)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise HubError(400, f"The body needs {key!r}, a list of JSON objects")
    return items


def _is_large(item: dict[str, Any]) -> bool:
    """Over 10 MiB, or binary by git's own test: a zero byte near the start."""
    try:
        sample = base64.b64decode(str(item.get("sample") or ""))
    except ValueError as error:
        raise HubError(400, f"The sample of {item.get('path')!r} is no base64") from error
    size = item.get("size")
    return b"\0" in sample or (isinstance(size, int) and size > REGULAR_MAX_BYTES)
