"""Publishing by Xet, as default clients do, through a Hub that fails."""

import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from tests.publishing.fault_proxy import Answer, Fault, FaultProxy, fault_proxy
from tests.publishing.killed import kill_at
from tests.publishing.publisher import Publisher
from tests.running import HubService, Services

pytestmark = pytest.mark.services
LOST = Answer(0)
XORB, SHARD = "/v1/xorbs/", "/v1/shards"
ONCE = {
    "a xorb is refused (503)": Fault("POST", XORB, Answer(503)),
    "a xorb breaks off": Fault("POST", XORB, LOST, "half"),
    "the answer to a shard is lost": Fault("POST", SHARD, LOST, "all"),
}

REFUSALS = [("GET", "/xet-write-token/"), ("POST", "/v1/xorb-grants/")]


@pytest.fixture
def proxy(hub_service: HubService) -> Iterator[FaultProxy]:
    with fault_proxy(hub_service.endpoint) as running:
        yield running


@pytest.fixture
def ours(hub_service: HubService, proxy: FaultProxy, tmp_path: Path) -> Publisher:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(os.urandom(300_000))
    repo_id = f"copydesk/xet-{uuid.uuid4().hex[:8]}"
    return Publisher(proxy.endpoint, hub_service.token, repo_id, folder, tmp_path / "hf")


def stored(services: Services) -> set[Path]:
    """Xorbs and large files of the Hub."""
    hub = services.home.root / "hub"
    return {path for part in ("xorbs", "lfs") for path in (hub / part).rglob("*") if path.is_file()}


def assert_published_once(hub: HubService, ours: Publisher, new: set[Path]) -> None:
    """One version with these bytes; of the new files on the Hub's disk one xorb, one large file."""
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    titles = [commit.title for commit in api.list_repo_commits(ours.repo_id)]
    assert titles == ["large", "initial commit"]
    assert [tag.name for tag in api.list_repo_refs(ours.repo_id).tags] == ["v1"]
    copy = Path(api.hf_hub_download(ours.repo_id, "model.safetensors", revision="v1"))
    content = (ours.folder / "model.safetensors").read_bytes()
    assert copy.read_bytes() == content
    assert hashlib.sha256(content).hexdigest() in {path.name for path in new}
    assert len(new) == 2


@pytest.mark.parametrize("fault", ONCE.values(), ids=ONCE)
def test_the_client_tries_again(
    services: Services, hub_service: HubService, proxy: FaultProxy, ours: Publisher, fault: Fault
) -> None:
    before = stored(services)
    proxy.faults.append(fault)
    assert ours.run()["tag"] == "v1"
    assert proxy.used == {0: 1}
    assert proxy.count("POST", fault.path) == 2
    assert_published_once(hub_service, ours, stored(services) - before)


def test_a_stored_shard_whose_answer_is_lost_doubles_nothing(
    services: Services, hub_service: HubService, proxy: FaultProxy, ours: Publisher
) -> None:
    before = stored(services)
    kill_at(ours.start(), proxy, Fault("POST", SHARD, LOST, "all"))
    assert len(stored(services) - before) == 2
    assert proxy.count("POST", "/commit/main") == 0
    proxy.seen.clear()
    assert ours.run()["tag"] == "v1"
    assert proxy.count("POST", XORB) == 0
    assert_published_once(hub_service, ours, stored(services) - before)
    again = ours.run()
    assert (again["tag"], again["changed"]) == ("v1", False)


@pytest.mark.parametrize(("method", "path"), REFUSALS)
def test_a_refusal_stops_and_shows_no_secret(
    hub_service: HubService, proxy: FaultProxy, ours: Publisher, method: str, path: str
) -> None:
    proxy.faults.append(Fault(method, path, Answer(403), times=99))
    found = ours.run()
    shown = f"{found['error']}{found['traceback']}{found['stderr']}"
    assert hub_service.token not in shown
    # Nor the short-lived token of Xet.
    assert not re.search(r"xet-[0-9]+-[0-9a-f]{64}", shown)
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    assert [commit.title for commit in api.list_repo_commits(ours.repo_id)] == ["initial commit"]


@pytest.mark.parametrize(("method", "path"), REFUSALS)
def test_a_refusal_says_what_to_do_at_once(
    proxy: FaultProxy, ours: Publisher, method: str, path: str
) -> None:
    proxy.faults.append(Fault(method, path, Answer(403), times=99))
    found = ours.run()
    assert f"refuses the token for {ours.repo_id} (HTTP 403)" in found["error"]
    assert "Set HF_TOKEN to a token that may write to copydesk/" in found["error"]
    assert proxy.count(method, path) == 1
