"""Bodies that are too long, bodies that are long, and two servers on the same folder."""

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError

from embedded.hub.blobs import Signer
from embedded.hub.errors import HubError
from embedded.hub.packs import LOOSE_MAX_OBJECTS
from embedded.hub.upload_api import LINE_MAX_BYTES
from tests.embedded.hub_servers import running

pytestmark = pytest.mark.services
REPO = "copydesk/limits"
COMMIT = f"/api/models/{REPO}/commit/main"
HEADER = json.dumps({"key": "header", "value": {"summary": "x"}}).encode() + b"\n"
MEBIBYTE = bytes(1024**2)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[httpx.Client, int]]:
    """A writer's client of a Hub of its own with one repository, and the server's process id."""
    with running(tmp_path) as (endpoint, process):
        headers = {"Authorization": "Bearer hf_desk"}
        with httpx.Client(base_url=endpoint, headers=headers, timeout=60) as http:
            http.post("/api/repos/create", json={"name": "limits"}).raise_for_status()
            yield http, process.pid


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def chunks(count: int) -> Iterator[bytes]:
    return (MEBIBYTE for _ in range(count))


def announced(http: httpx.Client, length: int) -> int:
    """The status for a commit of this length, of which nothing is sent yet."""
    connection = HTTPConnection(http.base_url.netloc.decode(), timeout=20)
    try:
        connection.putrequest("POST", COMMIT)
        connection.putheader("Content-Length", str(length))
        connection.putheader("Authorization", "Bearer hf_desk")
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def file_line(path: str, content: str) -> bytes:
    return json.dumps({"key": "file", "value": {"path": path, "content": content}}).encode() + b"\n"


def test_bodies_over_the_limits_are_413_in_the_shape_of_the_hub(
    served: tuple[httpx.Client, int],
) -> None:
    http, pid = served
    granted = http.get(f"/api/models/{REPO}/xet-write-token/main").json()["accessToken"]
    xet = {"Authorization": f"Bearer {granted}"}
    before = peak_mb(pid)
    answers = [
        # Without a length, so that the server has to count.
        http.post("/api/repos/create", content=chunks(17)),
        http.post(f"/v1/xorbs/default/{'ab' * 32}", content=chunks(80), headers=xet),
        http.post("/v1/shards", content=chunks(80), headers=xet),
        http.post(COMMIT, content=HEADER + file_line("long.txt", "x" * LINE_MAX_BYTES)),
    ]
    for answer in answers:
        assert answer.status_code == 413
        assert answer.json()["error"] == answer.headers["x-error-message"]
    assert announced(http, 5 * 1024**3) == 413
    # Of all bodies only the line and the JSON were ever in memory.
    assert peak_mb(pid) - before < 60
    assert http.get(f"/api/models/{REPO}").json()["siblings"] == [{"rfilename": ".gitattributes"}]


def test_large_uploads_pass_through_without_being_held_in_memory(
    served: tuple[httpx.Client, int],
) -> None:
    http, pid = served
    before, size = peak_mb(pid), 120 * 1024**2
    sha256 = hashlib.sha256(bytes(size)).hexdigest()
    batch = {"operation": "upload", "objects": [{"oid": sha256, "size": size}]}
    answer = http.post(f"/{REPO}.git/info/lfs/objects/batch", json=batch).json()
    address = answer["objects"][0]["actions"]["upload"]["href"]
    assert httpx.put(address, content=chunks(120), timeout=60).status_code == 200
    line = {"path": "big.bin", "algo": "sha256", "oid": sha256, "size": size}
    small = b"".join(file_line(f"{n}.txt", "y" * 900_000) for n in range(60))
    body = HEADER + json.dumps({"key": "lfsFile", "value": line}).encode() + b"\n" + small
    assert http.post(COMMIT, content=body).status_code == 200
    received = hashlib.sha256()
    with http.stream("GET", f"/{REPO}/resolve/main/big.bin") as download:
        for chunk in download.iter_bytes():
            received.update(chunk)
    assert received.hexdigest() == sha256
    assert peak_mb(pid) - before < 40


def test_a_commit_of_many_files_is_one_sound_pack(
    served: tuple[httpx.Client, int], tmp_path: Path
) -> None:
    http, _ = served
    objects = tmp_path / f"hub/models/{REPO}.git/objects"
    loose = len(list(objects.glob("??/*")))
    body = HEADER + b"".join(file_line(f"d{n % 7}/{n}.txt", f"row {n}") for n in range(300))
    oid = http.post(COMMIT, content=body).json()["commitOid"]
    assert len(list(objects.glob("pack/*.pack"))) == len(list(objects.glob("pack/*.idx"))) == 1
    assert len(list(objects.glob("??/*"))) == loose
    few = HEADER + b"".join(file_line(f"{n}.txt", "few") for n in range(3))
    assert http.post(COMMIT, content=few).status_code == 200
    assert len(list(objects.glob("pack/*.pack"))) == 1
    assert loose < len(list(objects.glob("??/*"))) <= loose + LOOSE_MAX_OBJECTS
    git = ["git", "--git-dir", str(objects.parent)]
    subprocess.run([*git, "fsck", "--strict", "--full"], check=True)
    shown = subprocess.run([*git, "show", f"{oid}:d4/298.txt"], capture_output=True, check=True)
    assert shown.stdout == b"row 298"
    assert http.get(f"/{REPO}/resolve/main/d4/298.txt").text == "row 298"
    assert not list(objects.rglob("tmp*"))


def test_two_servers_on_one_folder_lose_no_commit(tmp_path: Path) -> None:
    with running(tmp_path) as (one, _), running(tmp_path) as (other, _):
        HfApi(endpoint=one, token="hf_desk").create_repo(REPO)
        refused = []

        def write(writer: int) -> None:
            api = HfApi(endpoint=(one, other)[writer % 2], token="hf_desk")
            for number in range(4):
                add = CommitOperationAdd(f"{writer}-{number}.txt", os.urandom(8))
                refused.append(_until_committed(api, add))

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(write, range(6)))
        found = {
            endpoint: HfApi(endpoint=endpoint, token="hf_desk").list_repo_commits(REPO)
            for endpoint in (one, other)
        }
    wanted = {f"{writer}-{number}.txt" for writer in range(6) for number in range(4)}
    for commits in found.values():
        assert len(commits) == 25
        assert {commit.title for commit in commits} == wanted | {"initial commit"}
    # Without any, the parent check was not put to the test.
    assert sum(refused) > 0


def _until_committed(api: HfApi, add: CommitOperationAdd) -> int:
    """How often the head had moved."""
    refused = 0
    while True:
        head = api.model_info(REPO).sha
        try:
            api.create_commit(REPO, [add], commit_message=add.path_in_repo, parent_commit=head)
        except HfHubHTTPError as error:
            assert error.response.status_code == 412
            refused += 1
        else:
            return refused


def test_signatures_expire_and_fit_one_thing() -> None:
    signer = Signer(b"secret")
    expires, signature = signer.sign("a:1")
    signer.check("a:1", expires, signature)
    late = signer.sign("a:1", lifetime_seconds=-1)
    wrong: list[Callable[[], None]] = [
        lambda: signer.check("b:1", expires, signature),
        lambda: signer.check("a:1", expires + 1, signature),
        lambda: signer.check("a:1", *late),
        lambda: signer.check("a:1", expires, "é"),
        lambda: Signer(b"other").check("a:1", expires, signature),
    ]
    for check in wrong:
        with pytest.raises(HubError) as refused:
            check()
        assert refused.value.status == 403
    assert "secret" not in repr(signer)
