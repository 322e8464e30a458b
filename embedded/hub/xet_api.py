"""Uploads by Xet, which clients use by default: tokens, xorbs, shards.

Files are put together when their shard arrives and then stored like any large file. Downloads
stay plain HTTP.
"""

import re
import time
from pathlib import Path

from starlette.responses import JSONResponse, Response

from embedded.hub.accounts import require_account
from embedded.hub.errors import HubError
from embedded.hub.routing import Call
from embedded.hub.xet import file_content, parse_shard

_HASH = re.compile(r"[0-9a-f]{64}")
TOKEN_SECONDS = 3600


def write_token(call: Call) -> Response:
    """Where to send what; the token for it is the one the client came with."""
    call.writable_repo()
    token = call.request.headers["authorization"].partition(" ")[2]
    expires = int(time.time()) + TOKEN_SECONDS
    answer = {"casUrl": call.base_url, "accessToken": token, "exp": expires}
    headers = {
        "X-Xet-Cas-Url": call.base_url,
        "X-Xet-Access-Token": token,
        "X-Xet-Token-Expiration": str(expires),
    }
    return JSONResponse(answer, headers=headers)


def put_xorb(call: Call) -> Response:
    _require_writer(call)
    path = _xorb_path(call, call.params["hash"])
    known = path.exists()
    if not known:
        call.hub.blobs.write_whole(path, call.body)
    return JSONResponse({"was_inserted": not known})


def put_shard(call: Call) -> Response:
    """Puts the files of the shard together; HubError 400 when one is not what it claims to be."""
    _require_writer(call)
    for file in parse_shard(call.body):
        content = file_content(file, lambda name: _read_xorb(call, name))
        call.hub.blobs.add(content, file.sha256)
    return JSONResponse({"result": 1})


def _require_writer(call: Call) -> None:
    account = require_account(call.account)
    if account.role != "write":
        raise HubError(403, f"The token of {account.name!r} may only read")


def _read_xorb(call: Call, name: str) -> bytes:
    path = _xorb_path(call, name)
    if not path.exists():
        raise HubError(
            400, f"The xorb {name} is not here: clear the client's Xet cache and upload again"
        )
    return path.read_bytes()


def _xorb_path(call: Call, name: str) -> Path:
    if not _HASH.fullmatch(name):
        raise HubError(400, f"Invalid xorb name {name!r}: expected 64 hexadecimal digits")
    return call.hub.store.root / "xorbs" / name[:2] / name
