"""Uploads by Xet: what clients do when nobody tells them not to."""

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx
import pyarrow as pa
import pytest

from embedded.hub.errors import HubError
from embedded.hub.xet import Segment, XetFile, file_content, hash_text, parse_shard, read_chunks

pytestmark = pytest.mark.services

SCRIPT = r"""
import os, struct, sys
from huggingface_hub import CommitOperationAdd, HfApi

name, folder = sys.argv[1:3]
api = HfApi()
api.create_repo(name)
made = {
    "random.bin": os.urandom(3_000_000),
    "text.bin": b"the same words again " * 100_000,
    "floats.bin": struct.pack("<300001f", *(n / 7 for n in range(300_001))) + b"odd",
    "tiny.bin": b"\0a",
}
path = os.path.join(folder, "disk.bin")
with open(path, "wb") as file:
    file.write(made["random.bin"] + made["text.bin"])
operations = [CommitOperationAdd(key, value) for key, value in made.items()]
api.create_commit(name, operations, commit_message="in memory")
api.upload_file(path_or_fileobj=path, path_in_repo="disk.bin", repo_id=name)
made["disk.bin"] = made["random.bin"] + made["text.bin"]
for key, value in made.items():
    with open(api.hf_hub_download(name, key), "rb") as file:
        assert file.read() == value, key
print("same")
"""


def chunk(content: bytes, method: int, size: int) -> bytes:
    head = bytes([0]) + len(content).to_bytes(3, "little") + bytes([method])
    return head + size.to_bytes(3, "little") + content


def test_a_default_client_uploads_and_gets_the_same_bytes_back(
    hub_service: Any, tmp_path: Any
) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "copydesk/by-xet", str(tmp_path)],
        env=kept
        | {
            "HF_ENDPOINT": hub_service.endpoint,
            "HF_TOKEN": hub_service.token,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().endswith("same")


def xet_token(http: httpx.Client, repo: str, token: str) -> httpx.Response:
    url = f"/api/models/{repo}/xet-write-token/main"
    return http.get(url, headers={"Authorization": f"Bearer {token}"})


def test_xet_uploads_need_the_token_that_only_writers_get(
    hub_service: Any, http: httpx.Client, new_repo: Callable[..., str]
) -> None:
    repo = new_repo()
    assert xet_token(http, repo, hub_service.read_token).status_code == 403
    answer = xet_token(http, repo, hub_service.token)
    granted = answer.json()["accessToken"]
    assert hub_service.token not in answer.text
    _, expires, signature = granted.split("-")
    later = f"xet-{int(expires) + 1}-{signature}"
    for path in ("/v1/shards", f"/v1/xorbs/default/{'ab' * 32}"):
        for token, status in (
            (hub_service.token, 401),
            ("none", 401),
            (later, 403),
            (granted, 400),
        ):
            headers = {"Authorization": f"Bearer {token}"}
            if status == 400 and "xorbs" in path:
                path = "/v1/xorbs/default/..%2F..%2Fevil"
            assert http.post(path, content=b"x" * 60, headers=headers).status_code == status
    # It opens nothing else.
    assert xet_token(http, repo, granted).status_code == 401


def test_chunks_of_every_packing_are_unpacked() -> None:
    plain = bytes(range(10))
    grouped = plain[0::4] + plain[1::4] + plain[2::4] + plain[3::4]
    packed = [pa.compress(part, codec="lz4", asbytes=True) for part in (plain, grouped)]
    xorb = chunk(plain, 0, 10) + chunk(packed[0], 1, 10) + chunk(packed[1], 2, 10)
    assert list(read_chunks(BytesIO(xorb), 0, 3)) == [plain] * 3
    file = XetFile((Segment("a", 1, 2), Segment("b", 0, 1)), None)
    assert b"".join(file_content(file, lambda name: BytesIO(xorb))) == plain * 2


@pytest.mark.parametrize(
    "xorb",
    [
        b"",
        chunk(b"abc", 9, 3),
        chunk(b"no lz4", 1, 3),
        chunk(b"abc", 0, 1 << 20),
        b"\x07" + chunk(b"abc", 0, 3),
    ],
)
def test_a_broken_xorb_is_refused(xorb: bytes) -> None:
    with pytest.raises(HubError) as refused:
        list(read_chunks(BytesIO(xorb), 0, 1))
    assert refused.value.status == 400


def test_shards_name_their_files() -> None:
    words = (1, 2**63, 3, 2**64 - 1)
    raw = struct.pack("<4Q", *words)
    both = (1 << 31) | (1 << 30)
    shard = bytes(48)
    shard += struct.pack("<32sIIQ", bytes(32), both, 1, 0)
    shard += struct.pack("<32sIIII", raw, 0, 500, 2, 5) + bytes(48)
    shard += struct.pack("<32s16x", raw)
    end = struct.pack("<32sIIQ", b"\xff" * 32, 0, 0, 0)
    name = "000000000000000180000000000000000000000000000003ffffffffffffffff"
    assert hash_text(raw) == name
    assert list(parse_shard(BytesIO(shard + end))) == [XetFile((Segment(name, 2, 5),), name)]
    with pytest.raises(HubError):
        list(parse_shard(BytesIO(shard)))
