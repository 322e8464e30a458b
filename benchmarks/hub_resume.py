"""A publish of large files that is killed half way, and what the next one sends."""

import os
from pathlib import Path
from typing import Any

from benchmarks.hub_server import TOKEN, HubServer
from tests.publishing.fault_proxy import Answer, Fault, fault_proxy
from tests.publishing.killed import kill_at
from tests.publishing.publisher import Publisher

FILES = ("a.safetensors", "b.safetensors")


def resumed(server: HubServer, size: int, xet: bool) -> dict[str, Any]:
    """Two files of random bytes, together `size`, the client being killed in a later upload.

    MB of uploads on the way until the kill, stored by then, and sent by the next publish; a
    RuntimeError when that sends what was stored.
    """
    folder = server.folder / "files"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_bytes(os.urandom(size // 2))
    path = "/v1/xorbs/" if xet else "/lfs-objects/"
    stored = server.folder / "hub" / ("xorbs" if xet else "lfs")
    with fault_proxy(server.url) as proxy:
        ours = Publisher(
            proxy.endpoint, TOKEN, "desk/resumed", folder, server.folder / "client", xet
        )
        broken = Fault("POST" if xet else "PUT", path, Answer(0), "half", spared=2 if xet else 1)
        kill_at(ours.start(), proxy, broken, lambda: len(_files(stored)) == broken.spared)
        before, arrived = proxy.sent(path), {file.name for file in _files(stored)}
        proxy.seen.clear()
        done, again = ours.run(), proxy.sent(path)
    doubled = [sent for sent in again if any(name in sent for name in arrived)]
    if doubled or "tag" not in done:
        raise RuntimeError(f"Sent again though stored: {doubled}; {done.get('error', 'published')}")
    return {
        "sent_mb": sum(before.values()) / 1e6,
        "stored_mb": sum(file.stat().st_size for file in _files(stored) if file.name in arrived)
        / 1e6,
        "sent_by_the_next_mb": sum(again.values()) / 1e6,
    }


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
