"""Clients of the embedded Hub."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi, constants

# They run in the Argilla server's environment: test_engine_properties starts them there.
collect_ignore = ["engine_properties"]


@pytest.fixture
def api(hub_service: Any) -> HfApi:
    return HfApi(endpoint=hub_service.endpoint, token=hub_service.token)


@pytest.fixture
def http(hub_service: Any) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {hub_service.token}"}
    with httpx.Client(base_url=hub_service.endpoint, headers=headers) as client:
        yield client


@pytest.fixture
def new_repo(api: HfApi) -> Callable[..., str]:
    def create(repo_type: str = "model", **options: Any) -> str:
        name = f"copydesk/test-{uuid.uuid4().hex[:12]}"
        return api.create_repo(name, repo_type=repo_type, **options).repo_id

    return create


@pytest.fixture
def without_xet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads by LFS, as clients do after `copydesk env`."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
