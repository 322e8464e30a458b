"""Proposed changes and discussions, as clients open and read them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

from tests.running import Services, run_plain_client

pytestmark = pytest.mark.services

# As a client does whom nobody has told to leave Xet.
UPLOAD = """
import json, os
os.environ.pop("HF_HUB_DISABLE_XET", None)
from huggingface_hub import HfApi, constants
assert not constants.HF_HUB_DISABLE_XET
api = HfApi()
done = api.upload_folder(
    repo_id={repo!r}, folder_path={folder!r}, commit_message="Ours", create_pr=True
)
(change,) = api.get_repo_discussions({repo!r}, discussion_type="pull_request")
with open(api.hf_hub_download({repo!r}, "model.bin", revision=done.pr_revision), "rb") as file:
    same = file.read() == open({folder!r} + "/model.bin", "rb").read()
print(json.dumps([done.pr_revision, done.pr_url, change.title, change.status, change.url, same]))
"""


def test_a_default_client_proposes_a_folder(
    services: Services, api: HfApi, new_repo: Callable[..., str], tmp_path: Path
) -> None:
    repo = new_repo()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"\0weights" * 10_000)
    (folder / "README.md").write_text("# Proposed\n", encoding="utf-8")
    script = UPLOAD.format(repo=repo, folder=str(folder))
    url = f"{api.endpoint}/{repo}/discussions/1"
    found = run_plain_client(services, script, tmp_path / "hf")
    assert found == ["refs/pr/1", url, "Ours", "draft", url, True]
    assert "model.bin" not in api.list_repo_files(repo)
    page = httpx.get(url, follow_redirects=True)
    assert (page.status_code, "Ours" in page.text) == (200, True)


def test_proposed_changes_and_discussions_count_together(
    api: HfApi, new_repo: Callable[..., str]
) -> None:
    repo = new_repo(repo_type="dataset")
    kind: dict[str, Any] = {"repo_type": "dataset"}
    add = CommitOperationAdd("a.txt", b"a")
    first = api.create_commit(repo, [add], commit_message="One", create_pr=True, **kind)
    talk = api.create_discussion(repo, " Why? ", description="<b>so</b>", **kind)
    draft = api.create_pull_request(repo, "Three", **kind)
    assert (first.pr_num, talk.num, draft.num) == (1, 2, 3)
    assert [d.num for d in api.get_repo_discussions(repo, **kind)] == [3, 2, 1]
    proposed = api.get_repo_discussions(repo, discussion_type="pull_request", **kind)
    assert [(d.title, d.status) for d in proposed] == [("Three", "draft"), ("One", "open")]
    assert list(api.get_repo_discussions(repo, discussion_status="closed", **kind)) == []
    assert list(api.get_repo_discussions(repo, author="somebody", **kind)) == []
    seen = api.get_discussion_details(repo, 2, **kind)
    assert (seen.title, seen.author, seen.events[0].content) == ("Why?", "copydesk", "<b>so</b>")
    assert seen.events[0].rendered == "&lt;b&gt;so&lt;/b&gt;"
    refs = api.list_repo_refs(repo, include_pull_requests=True, **kind)
    assert [ref.ref for ref in refs.pull_requests or []] == ["refs/pr/1", "refs/pr/3"]
    with pytest.raises(EntryNotFoundError):
        api.get_discussion_details(repo, 4, **kind)


def test_a_change_that_git_alone_knows_keeps_its_number(
    services: Services, api: HfApi, new_repo: Callable[..., str]
) -> None:
    repo = new_repo()
    api.create_pull_request(repo, "Known")
    (services.home.root / "hub" / "models" / f"{repo}.git" / "discussions.json").unlink()
    assert api.create_pull_request(repo, "Next").num == 2


def test_more_than_a_page_is_listed(api: HfApi, new_repo: Callable[..., str]) -> None:
    repo = new_repo()
    for number in range(51):
        api.create_discussion(repo, f"Number {number + 1}")
    assert [d.num for d in api.get_repo_discussions(repo)] == list(range(51, 0, -1))


def test_what_may_not_be_opened(
    api: HfApi, hub_service: Any, http: httpx.Client, new_repo: Callable[..., str]
) -> None:
    repo, hidden = new_repo(), new_repo(private=True)
    reader = HfApi(endpoint=hub_service.endpoint, token=hub_service.read_token)
    with pytest.raises(HfHubHTTPError) as refused:
        reader.create_pull_request(repo, "Not mine")
    assert refused.value.response.status_code == 403
    for title in ("ab", "x" * 201):
        answer = http.post(f"/api/models/{repo}/discussions", json={"title": title})
        assert answer.status_code == 400
    assert list(api.get_repo_discussions(repo)) == []
    assert httpx.get(f"{hub_service.endpoint}/api/models/{hidden}/discussions").status_code == 404
    strange = http.get(f"/api/models/{repo}/discussions", params={"p": "x"})
    assert strange.status_code == 400
    assert json.loads(strange.text)["error"].startswith("p='x'")
