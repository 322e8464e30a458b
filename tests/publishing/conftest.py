"""A repository that holds a version, and a proxy in front of its Hub that fails on demand."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, set_client_factory
from huggingface_hub.utils._http import default_client_factory

from publishing.timeouts import limit_waiting
from tests.publishing.fault_proxy import FaultProxy, fault_proxy
from tests.publishing.faults import ANSWER_SECONDS
from tests.publishing.versions import client, send
from tests.running import HubService


@pytest.fixture
def api(hub_service: HubService, monkeypatch: pytest.MonkeyPatch) -> HfApi:
    monkeypatch.setenv("HF_TOKEN", hub_service.token)
    return client(hub_service.endpoint)


@pytest.fixture
def short_patience() -> Iterator[None]:
    """The client gives up where the faults keep silent."""
    limit_waiting(ANSWER_SECONDS)
    yield
    set_client_factory(default_client_factory)


@pytest.fixture
def published(api: HfApi, tmp_path: Path) -> str:
    """A repository that holds version one."""
    repo_id = f"copydesk/faults-{uuid.uuid4().hex[:8]}"
    send(api, repo_id, tmp_path, "one")
    return repo_id


@pytest.fixture
def proxy(hub_service: HubService) -> Iterator[FaultProxy]:
    with fault_proxy(hub_service.endpoint) as running:
        yield running
