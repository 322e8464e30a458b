"""A dry run says when the token could not publish, as far as the Hub tells without a write."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from corpus.errors import DeskError
from publishing.hub import plan_publish, publish_folder
from publishing.plan import plan_summary
from publishing.remote import Previous, Target
from publishing.retries import Patience
from publishing.write_access import refusal_of, with_refusal
from tests.publishing.fault_proxy import Answer, Fault, fault_proxy
from tests.publishing.manifests import manifest_json
from tests.running import HubService

pytestmark = pytest.mark.services
READ_ONLY = "the token may only read"


def complete(_: Previous) -> dict[str, str]:
    return {"manifest.json": manifest_json({}), "README.md": "# One\n"}


def summary(api: HfApi, target: Target, folder: Path) -> list[str]:
    plan = with_refusal(api, plan_publish(api, target, folder, complete))
    return list(plan_summary(plan))


def publish(api: HfApi, target: Target, folder: Path) -> bool:
    return publish_folder(api, target, folder, complete, "test", Patience(pauses=())).changed


@pytest.fixture
def target() -> Target:
    return Target(f"copydesk/access-{uuid.uuid4().hex[:8]}", "dataset")


def test_what_would_be_refused_is_said_before(
    hub_service: HubService, target: Target, tmp_path: Path
) -> None:
    foreign = Target("somebody-else/news", "dataset")
    for token, where, reason in (
        (hub_service.read_token, target, READ_ONLY),
        (hub_service.token, foreign, "the token belongs neither to somebody-else nor to a member"),
    ):
        api = HfApi(endpoint=hub_service.endpoint, token=token)
        first, *others = summary(api, where, tmp_path)
        assert first.startswith(f"dataset {where.repo_id} (new): would be refused, {reason}")
        assert first.endswith(f"HF_TOKEN to one that may write to {where.repo_id.split('/')[0]}/")
        assert others[0].endswith("one commit with 2 changes")
        assert token not in first
        with pytest.raises(DeskError, match="refuses the token"):
            publish(api, where, tmp_path)


def test_a_missing_token_is_said(
    hub_service: HubService, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    api = HfApi(endpoint=hub_service.endpoint)
    assert "would be refused, no token is set; set HF_TOKEN" in summary(api, target, tmp_path)[0]


def test_nothing_is_said_where_nothing_would_be_refused(
    hub_service: HubService, target: Target, tmp_path: Path
) -> None:
    writer = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    reader = HfApi(endpoint=hub_service.endpoint, token=hub_service.read_token)
    assert summary(writer, target, tmp_path)[0].endswith("one commit with 2 changes")
    assert publish(writer, target, tmp_path)
    # Nothing is written, so nobody needs to be allowed to.
    (line,) = summary(reader, target, tmp_path)
    assert line.endswith("unchanged, no commit")
    hidden = Target(target.repo_id, "dataset", private=True)
    assert READ_ONLY in summary(reader, hidden, tmp_path)[0]


def test_who_may_only_read_is_told_so_by_a_repository_that_exists(
    hub_service: HubService, target: Target, tmp_path: Path
) -> None:
    assert publish(HfApi(hub_service.endpoint, hub_service.token), target, tmp_path)
    (tmp_path / "more.txt").write_text("more", encoding="utf-8")
    with pytest.raises(DeskError, match="refuses the token"):
        publish(HfApi(hub_service.endpoint, hub_service.read_token), target, tmp_path)


@pytest.mark.parametrize("status", [0, 404, 429, 503])
def test_what_the_hub_does_not_tell_stops_no_dry_run(
    hub_service: HubService, target: Target, tmp_path: Path, status: int
) -> None:
    with fault_proxy(hub_service.endpoint) as proxy:
        proxy.faults.append(Fault("GET", "/api/whoami-v2", Answer(status), times=99))
        api = HfApi(endpoint=proxy.endpoint, token=hub_service.read_token)
        lines = summary(api, target, tmp_path)
        assert proxy.count("GET", "/api/whoami-v2") == 1
    assert lines[0].endswith("one commit with 2 changes")


def test_the_account_is_asked_for_once_a_client(
    hub_service: HubService, target: Target, tmp_path: Path
) -> None:
    with fault_proxy(hub_service.endpoint) as proxy:
        api = HfApi(endpoint=proxy.endpoint, token=hub_service.read_token)
        for name in ("-topics", "-entities"):
            model = Target(target.repo_id + name, "model")
            assert READ_ONLY in summary(api, model, tmp_path)[0]
        assert proxy.count("GET", "/api/whoami-v2") == 1


def account(role: str) -> dict[str, Any]:
    """As huggingface.co answers."""
    token = {"displayName": "laptop", "role": role}
    orgs = [{"type": "org", "name": "Newsroom", "roleInOrg": "read"}]
    return {"type": "user", "name": "ada", "orgs": orgs, "auth": {"accessToken": token}}


def test_only_what_is_certain_is_said() -> None:
    assert refusal_of(account("read"), "ada") == READ_ONLY
    # A member who reads the organization may still write to a group of its repositories.
    assert [refusal_of(account("write"), owner) for owner in ("ada", "newsroom")] == [None, None]
    assert "neither to other nor" in (refusal_of(account("write"), "other") or "")
    assert refusal_of(account("fineGrained"), "other") is None
    assert refusal_of({"name": "ada", "auth": {"type": "oauth"}}, "other") is None
