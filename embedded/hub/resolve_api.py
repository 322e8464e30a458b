"""Downloads: HEAD and GET of one file at one revision, whole or a range."""

import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from embedded.hub.errors import HubError, entry_not_found
from embedded.hub.git_read import find_entry, read_blob, read_revision
from embedded.hub.routing import Call

CHUNK_BYTES = 1024 * 1024
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})", re.IGNORECASE)
# A page that somebody uploaded must not act as a page of this server.
_INERT = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def resolve(call: Call) -> Response:
    """The file with the headers clients need: commit, ETag (content id), size, ranges."""
    repo_id = call.readable_repo()
    path = call.params["path"]
    with call.hub.store.opened(repo_id) as repo:
        commit = read_revision(repo, call.params["revision"])
        entry = find_entry(repo, commit, path)
        if entry is None or entry.is_folder:
            raise entry_not_found(path)
        content = None if entry.pointer else read_blob(repo, entry.oid)
    headers = {
        "X-Repo-Commit": commit.id.decode(),
        "ETag": f'"{entry.content_id}"',
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(Path(path).name, safe='')}",
        **_INERT,
    }
    if entry.pointer:
        headers["X-Linked-Etag"] = f'"{entry.content_id}"'
        headers["X-Linked-Size"] = str(entry.size)
        if call.hub.blobs.size(entry.pointer.sha256) is None:
            raise HubError(500, f"The large file {path!r} is missing: restore the folder 'lfs'")
        return _answer(call, headers, call.hub.blobs.path(entry.pointer.sha256), entry.size)
    return _answer(call, headers, content or b"", entry.size)


def _answer(call: Call, headers: dict[str, str], source: bytes | Path, size: int) -> Response:
    status, start, end = 200, 0, size
    asked = call.request.headers
    if headers["ETag"] in map(str.strip, asked.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    wanted = _RANGE.fullmatch(asked.get("range", "").replace(" ", ""))
    is_same = asked.get("if-range", headers["ETag"]) == headers["ETag"]
    if wanted and is_same and _is_range(wanted[1], wanted[2]):
        start, end = _bounds(wanted[1], wanted[2], size)
        if start >= end:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    media = _media_type(call.params["path"])
    if call.request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media)
    if isinstance(source, bytes):
        return Response(source[start:end], status, headers, media)
    return StreamingResponse(_read_range(source, start, end), status, headers, media)


def _is_range(first: str, last: str) -> bool:
    """One that ends before it begins counts as none (RFC 9110, section 14.1.1)."""
    return int(first) <= int(last) if first and last else bool(first or last)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """Half-open bounds of a range header; `-n` means the last n bytes."""
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def _read_range(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        left = end - start
        while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk


def _media_type(path: str) -> str:
    """By the file's name; pages and scripts are shown as text."""
    guessed = mimetypes.guess_type(path)[0] or "application/octet-stream"
    is_text = guessed.startswith("text/") or guessed in ("application/json", "application/xml")
    return "text/plain; charset=utf-8" if is_text else guessed
