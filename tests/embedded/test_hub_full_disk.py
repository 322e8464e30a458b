"""A full disk under the embedded Hub: refused with 507, nothing half-written, life goes on."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, constants
from huggingface_hub.errors import HfHubHTTPError

from tests.embedded.hub_servers import running

pytestmark = pytest.mark.services
REPO = "copydesk/full"
PAGE_BYTES = 4096
# A file system of 8 MiB of the server's own, seen by nobody else; then no file over 4 MiB.
SMALL_DISK = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"'
SMALL_FILES = 'ulimit -f 8192 && exec "$@"'
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


@pytest.fixture(autouse=True)
def by_lfs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[HfApi, Path]]:
    """A client of a Hub on a small file system, and that file system as this process sees it."""
    root = tmp_path / "hub"
    root.mkdir()
    wrapper = [*NAMESPACE, "sh", "-c", SMALL_DISK, str(root)]
    probe = subprocess.run([*wrapper, "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"no file system of one's own can be mounted: {probe.stderr!r}")
    with running(tmp_path, wrapper) as (endpoint, process):
        api = HfApi(endpoint=endpoint, token="hf_desk")
        api.create_repo(REPO)
        yield api, Path(f"/proc/{process.pid}/root{root}")


def add(path: str, content: bytes) -> CommitOperationAdd:
    return CommitOperationAdd(path, content)


def refused_commit(api: HfApi, operations: list[CommitOperationAdd]) -> None:
    before = api.model_info(REPO).sha
    # The client wraps what happens to a large file.
    with pytest.raises((HfHubHTTPError, RuntimeError)) as refused:
        api.create_commit(REPO, operations, commit_message="too much")
    error = refused.value if isinstance(refused.value, HfHubHTTPError) else refused.value.__cause__
    assert isinstance(error, HfHubHTTPError)
    assert error.response.status_code == 507
    assert "disk of this Hub is full" in error.response.json()["error"]
    assert api.model_info(REPO).sha == before


def check_files(root: Path) -> None:
    """No temporary file, no lock, and a sound repository."""
    left = [path for path in root.rglob("*") if path.name.startswith("tmp") or ".lock" in path.name]
    assert left == []
    # git follows the links of /proc to where this process sees no file system.
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(root / f"models/{REPO}.git", copy, dirs_exist_ok=True)
        assert (
            subprocess.run(["git", "--git-dir", copy, "fsck", "--strict"], check=False).returncode
            == 0
        )


def test_wherever_space_runs_out_the_head_stays_and_the_next_commit_works(
    small_disk: tuple[HfApi, Path],
) -> None:
    api, root = small_disk
    head, refusals = api.model_info(REPO).sha, 0
    # Ever more room: it runs out at the lock, at a folder, at each object, at the reference.
    for free_pages in range(40):
        with (root / "ballast").open("wb") as file:
            file.write(b"\0" * (shutil.disk_usage(root).free - free_pages * PAGE_BYTES))
        operations = [add(f"a/{free_pages}.txt", str(free_pages).encode())]
        try:
            commit = api.create_commit(REPO, operations, commit_message="small")
        except HfHubHTTPError as error:
            assert error.response.status_code == 507
            refusals += 1
            (root / "ballast").unlink()
            assert api.model_info(REPO).sha == head
            check_files(root)
        else:
            assert api.model_info(REPO).sha == commit.oid
            break
    assert refusals >= 5
    (root / "ballast").unlink()
    api.create_commit(REPO, [add("b.txt", b"after")], commit_message="after")
    check_files(root)


def test_large_uploads_that_do_not_fit_are_507_and_leave_nothing(
    small_disk: tuple[HfApi, Path],
) -> None:
    api, root = small_disk
    _too_much(api, root)
    check_files(root)


def test_files_over_the_limit_of_the_file_system_are_507(tmp_path: Path) -> None:
    with running(tmp_path, ["sh", "-c", SMALL_FILES, "sh"]) as (endpoint, _):
        api = HfApi(endpoint=endpoint, token="hf_desk")
        api.create_repo(REPO)
        _too_much(api, tmp_path / "hub")
    check_files(tmp_path / "hub")


def _too_much(api: HfApi, root: Path) -> None:
    """As a large file, as ordinary files, as a xorb; then a commit that fits."""
    refused_commit(api, [add("weights.bin", b"\0" * 9_000_000)])
    refused_commit(api, [add(f"{n}.txt", bytes([65 + n]) * 900_000) for n in range(12)])
    token = api.endpoint + f"/api/models/{REPO}/xet-write-token/main"
    granted = httpx.get(token, headers={"Authorization": "Bearer hf_desk"}).json()["accessToken"]
    xorb = httpx.post(
        f"{api.endpoint}/v1/xorbs/default/{'ab' * 32}",
        content=b"\0" * 9_000_000,
        headers={"Authorization": f"Bearer {granted}"},
    )
    assert xorb.status_code == 507
    assert not list((root / "xorbs").rglob("ab*/*"))
    commit = api.create_commit(REPO, [add("small.bin", b"\0fits")], commit_message="fits")
    assert api.model_info(REPO).sha == commit.oid
