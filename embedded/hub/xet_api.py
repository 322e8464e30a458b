"""Uploads by Xet, which clients use by default: tokens, xorbs, shards.

Files are put together when their shard arrives and then stored like any large file. Downloads
stay plain HTTP.
"""

import re
from pathlib import Path
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from embedded.hub.errors import HubError
from embedded.hub.routing import Call
from embedded.hub.xet import file_content, parse_shard

_HASH = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"Bearer xet-([0-9]{1,19})-([0-9a-f]{64})", re.IGNORECASE)
_SIGNED = "xet-write"
# Both hold 64 MiB at most by the protocol; some room for what heads and ends them.
XORB_MAX_BYTES = SHARD_MAX_BYTES = 72 * 1024**2


def write_token(call: Call) -> Response:
    """Where to send what, and a token good for that alone."""
    call.writable_repo()
    expires, signature = call.hub.signer.sign(_SIGNED)
    token = f"xet-{expires}-{signature}"
    answer = {"casUrl": call.base_url, "accessToken": token, "exp": expires}
    headers = {
        "X-Xet-Cas-Url": call.base_url,
        "X-Xet-Access-Token": token,
        "X-Xet-Token-Expiration": str(expires),
    }
    return JSONResponse(answer, headers=headers)


def grant_xorb(call: Call) -> Response:
    """200 for a xorb that is here and need not be sent again, after an upload that broke off.

    404 tells clients to send it to `put_xorb`.
    """
    _require_token(call)
    if not _xorb_path(call, call.params["hash"]).exists():
        raise HubError(404, "This xorb is not here yet: send it to /v1/xorbs")
    return JSONResponse({})


async def put_xorb(call: Call) -> Response:
    _require_token(call)
    path = _xorb_path(call, call.params["hash"])
    known = path.exists()
    if not known:
        await call.hub.blobs.receive_as(path, call.chunks(XORB_MAX_BYTES))
    return JSONResponse({"was_inserted": not known})


async def put_shard(call: Call) -> Response:
    """Puts the files of the shard together; HubError 400 when one is not what it claims to be."""
    _require_token(call)
    async with call.spooled(SHARD_MAX_BYTES) as shard:
        await run_in_threadpool(_store_files, call, shard)
    return JSONResponse({"result": 1})


def _store_files(call: Call, shard: IO[bytes]) -> None:
    for file in parse_shard(shard):
        content = file_content(file, lambda name: _open_xorb(call, name))
        call.hub.blobs.add(content, file.sha256)


def _require_token(call: Call) -> None:
    token = _TOKEN.fullmatch(call.request.headers.get("authorization", ""))
    if token is None:
        raise HubError(401, "A token of xet-write-token is needed: ask for one first")
    call.hub.signer.check(_SIGNED, int(token[1]), token[2])


def _open_xorb(call: Call, name: str) -> IO[bytes]:
    path = _xorb_path(call, name)
    if not path.exists():
        raise HubError(
            400, f"The xorb {name} is not here: clear the client's Xet cache and upload again"
        )
    return path.open("rb")


def _xorb_path(call: Call, name: str) -> Path:
    if not _HASH.fullmatch(name):
        raise HubError(400, f"Invalid xorb name {name!r}: expected 64 hexadecimal digits")
    return call.hub.store.root / "xorbs" / name[:2] / name
