"""A publish killed in the middle of its large files goes on where it was, byte by byte counted."""

import hashlib
import uuid
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import HfApi

from tests.publishing.fault_proxy import Answer, Fault, fault_proxy
from tests.publishing.killed import kill_at
from tests.publishing.publisher import Publisher
from tests.running import HubService, Services

pytestmark = pytest.mark.services
LOST = Answer(0)
# Questions, shards, the card.
SMALL_BYTES = 300_000


def random_file(path: Path, size: int) -> str:
    """Bytes that no compression makes fewer; its SHA-256."""
    content = np.random.default_rng().bytes(size)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def digests(hub: HubService, repo_id: str, folder: Path) -> dict[str, str]:
    """SHA-256 of the large files as another client downloads them."""
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.snapshot_download(repo_id, local_dir=folder, revision="v1")
    files = folder.glob("*.safetensors")
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def publisher(hub: HubService, endpoint: str, folder: Path, xet: bool) -> Publisher:
    (folder / "files").mkdir()
    repo_id = f"copydesk/resumed-{uuid.uuid4().hex[:8]}"
    return Publisher(endpoint, hub.token, repo_id, folder / "files", folder / "hf", xet)


def test_by_lfs_a_file_that_arrived_is_not_sent_again(
    services: Services, hub_service: HubService, tmp_path: Path
) -> None:
    with fault_proxy(hub_service.endpoint) as proxy:
        ours = publisher(hub_service, proxy.endpoint, tmp_path, xet=False)
        wanted = {
            name: random_file(ours.folder / name, size)
            for name, size in (("a.safetensors", 16_000_000), ("b.safetensors", 20_000_000))
        }
        first, second = wanted.values()
        arrived = services.home.root / "hub/lfs" / first[:2] / first[2:4] / first
        broken = Fault("PUT", f"/lfs-objects/{second}", LOST, "half")
        kill_at(ours.start(), proxy, broken, arrived.exists)
        assert [sum(proxy.sent(sha256).values()) for sha256 in wanted.values()] == [16e6, 20e6]
        proxy.seen.clear()
        assert ours.run()["tag"] == "v1"
        assert (sum(proxy.sent(first).values()), sum(proxy.sent(second).values())) == (0, 20e6)
        assert sum(proxy.sent("").values()) < 20_000_000 + SMALL_BYTES
    assert digests(hub_service, ours.repo_id, tmp_path / "copy") == wanted


def test_by_xet_a_xorb_that_arrived_is_not_sent_again(
    services: Services, hub_service: HubService, tmp_path: Path
) -> None:
    xorbs = services.home.root / "hub/xorbs"
    before = set(xorbs.rglob("*"))
    with fault_proxy(hub_service.endpoint) as proxy:
        ours = publisher(hub_service, proxy.endpoint, tmp_path, xet=True)
        # A xorb has 64 MiB: one whole, and a part of another. Either may arrive first.
        wanted = {"a.safetensors": random_file(ours.folder / "a.safetensors", 80_000_000)}
        broken = Fault("POST", "/v1/xorbs/", LOST, "half", spared=1)
        kill_at(
            ours.start(),
            proxy,
            broken,
            lambda: any(path.is_file() for path in set(xorbs.rglob("*")) - before),
        )
        (arrived,) = {path for path in set(xorbs.rglob("*")) - before if path.is_file()}
        sent = proxy.sent("/v1/xorbs/")
        (missing,) = (path for path in sent if not path.endswith(arrived.name))
        assert sum(sent.values()) >= 80_000_000
        proxy.seen.clear()
        assert ours.run()["tag"] == "v1"
        assert proxy.sent("/v1/xorbs/") == {missing: sent[missing]}
        assert sum(proxy.sent("").values()) < sent[missing] + SMALL_BYTES
    assert digests(hub_service, ours.repo_id, tmp_path / "copy") == wanted
