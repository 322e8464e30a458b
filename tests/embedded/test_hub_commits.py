"""Commits to the embedded Hub: by the real client, at the same moment, and malformed."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RevisionNotFoundError,
)

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("without_xet")]
ZERO_SHA = "0" * 40
LARGE = os.urandom(12 * 1024 * 1024)


def add(path: str, content: bytes = b"text\n") -> CommitOperationAdd:
    return CommitOperationAdd(path, content)


def test_commit_with_a_large_file_comes_back_byte_for_byte(
    api: HfApi, new_repo: Callable[..., str], tmp_path: Any
) -> None:
    repo = new_repo("dataset")
    operations = [add("README.md", b"# hello\n"), add("data/rows.parquet", LARGE)]
    commit = api.create_commit(repo, operations, commit_message="first", repo_type="dataset")
    path = api.hf_hub_download(
        repo, "data/rows.parquet", repo_type="dataset", revision=commit.oid, cache_dir=tmp_path
    )
    with open(path, "rb") as file:
        assert file.read() == LARGE
    info = api.dataset_info(repo, files_metadata=True)
    files = {item.rfilename: item for item in info.siblings or []}
    assert info.sha == commit.oid
    assert files["data/rows.parquet"].lfs is not None
    assert files["data/rows.parquet"].size == len(LARGE)
    assert files["README.md"].lfs is None


def test_a_stale_parent_is_refused_and_changes_nothing(
    api: HfApi, new_repo: Callable[..., str]
) -> None:
    repo = new_repo()
    first = api.create_commit(repo, [add("a.txt")], commit_message="one")
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_commit(repo, [add("b.txt")], commit_message="two", parent_commit=ZERO_SHA)
    assert refused.value.response.status_code == 412
    assert api.model_info(repo).sha == first.oid
    api.create_commit(repo, [add("b.txt")], commit_message="two", parent_commit=first.oid)
    assert api.file_exists(repo, "b.txt")


def test_of_commits_with_one_parent_exactly_one_wins(
    api: HfApi, new_repo: Callable[..., str]
) -> None:
    repo = new_repo()
    head = api.model_info(repo).sha

    def attempt(number: int) -> int:
        try:
            api.create_commit(
                repo, [add(f"{number}.txt")], commit_message=str(number), parent_commit=head
            )
        except HfHubHTTPError as error:
            return error.response.status_code
        return 200

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(attempt, range(6)))
    assert codes == [200, 412, 412, 412, 412, 412]
    assert len(api.list_repo_commits(repo)) == 2


def test_concurrent_commits_all_arrive(api: HfApi, new_repo: Callable[..., str]) -> None:
    repo = new_repo()
    with ThreadPoolExecutor(6) as pool:
        list(
            pool.map(
                lambda n: api.create_commit(repo, [add(f"{n}.txt")], commit_message=f"c{n}"),
                range(12),
            )
        )
    names = set(api.list_repo_files(repo))
    assert {f"{n}.txt" for n in range(12)} <= names
    assert len(api.list_repo_commits(repo)) == 13


def test_an_unchanged_commit_makes_no_commit(api: HfApi, new_repo: Callable[..., str]) -> None:
    repo = new_repo()
    operations = [("a.txt", b"same"), ("weights.bin", b"\0large" * 10)]
    first = api.create_commit(repo, [add(*item) for item in operations], commit_message="one")
    second = api.create_commit(repo, [add(*item) for item in operations], commit_message="two")
    assert second.oid == first.oid


def test_delete_copy_and_missing_deletes(api: HfApi, new_repo: Callable[..., str]) -> None:
    repo = new_repo()
    files = [add("keep.txt"), add("old/a.txt"), add("old/b.txt"), add("big.bin", b"\0" * 5000)]
    api.create_commit(repo, files, commit_message="one")
    api.create_commit(
        repo,
        [CommitOperationDelete("old/"), CommitOperationCopy("big.bin", "copies/big.bin")],
        commit_message="two",
    )
    names = api.list_repo_files(repo)
    assert sorted(names) == [".gitattributes", "big.bin", "copies/big.bin", "keep.txt"]
    with pytest.raises(EntryNotFoundError):
        api.delete_file("nowhere.txt", repo)


@pytest.mark.parametrize(
    "body",
    ["", "no json", "[1]", '{"key": "header", "value": 5}', '{"key": "file", "value": {}}'],
)
def test_malformed_commits_are_400(
    body: str, new_repo: Callable[..., str], http: httpx.Client
) -> None:
    answer = http.post(f"/api/models/{new_repo()}/commit/main", content=body)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path", ["../up.txt", "a/../../up.txt", "/etc/x", "a//b", ".git/config", "a/.GIT/x", "a\\..\\b"]
)
def test_paths_that_could_leave_the_repository_are_422(
    path: str, new_repo: Callable[..., str], http: httpx.Client
) -> None:
    repo = new_repo()
    lines = [
        {"key": "header", "value": {"summary": "x"}},
        {"key": "file", "value": {"path": path, "content": "eA==", "encoding": "base64"}},
    ]
    body = "\n".join(json.dumps(line) for line in lines)
    answer = http.post(f"/api/models/{repo}/commit/main", content=body)
    assert answer.status_code == 422
    assert "Invalid path" in answer.json()["error"]


def test_a_large_file_with_other_content_than_announced_is_refused(
    new_repo: Callable[..., str], http: httpx.Client, hub_service: Any
) -> None:
    repo, sha = new_repo(), "ab" * 32
    batch = {"operation": "upload", "objects": [{"oid": sha, "size": 4}]}
    answer = http.post(f"/{repo}.git/info/lfs/objects/batch", json=batch).json()
    upload = answer["objects"][0]["actions"]["upload"]["href"]
    assert httpx.put(upload, content=b"evil").status_code == 422
    assert httpx.put(upload.split("?")[0] + "?size=4", content=b"evil").status_code == 403
    forged = upload.replace("size=4", "size=5")
    assert httpx.put(forged, content=b"evil5").status_code == 403
    verify = answer["objects"][0]["actions"]["verify"]["href"]
    assert http.post(verify, json={"oid": sha, "size": 4}).status_code == 404
    line = {"key": "lfsFile", "value": {"path": "x.bin", "algo": "sha256", "oid": sha, "size": 4}}
    body = json.dumps({"key": "header", "value": {"summary": "x"}}) + "\n" + json.dumps(line)
    refused = http.post(f"/api/models/{repo}/commit/main", content=body)
    assert refused.status_code == 400
    assert "upload it first" in refused.json()["error"]


def test_cards_are_checked_before_the_upload(api: HfApi, new_repo: Callable[..., str]) -> None:
    repo = new_repo()
    for front_matter in ("license: [mit", "license: no-such-license", "tags: 3"):
        card = f"---\n{front_matter}\n---\n# x\n".encode()
        with pytest.raises(ValueError, match="Invalid metadata in README"):
            api.create_commit(repo, [add("README.md", card)], commit_message="x")
    assert api.list_repo_files(repo) == [".gitattributes"]


def test_a_file_cannot_also_be_a_folder(api: HfApi, new_repo: Callable[..., str]) -> None:
    repo = new_repo()
    api.create_commit(repo, [add("a", b"file")], commit_message="x")
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_commit(repo, [add("a/b", b"inside")], commit_message="y")
    assert refused.value.response.status_code == 422


def test_a_proposed_change_is_a_reference_of_its_own(
    api: HfApi, new_repo: Callable[..., str], http: httpx.Client
) -> None:
    repo = new_repo()
    first = api.create_commit(repo, [add("a.txt")], commit_message="x", create_pr=True)
    assert (first.pr_revision, first.pr_num) == ("refs/pr/1", 1)
    more = api.create_commit(
        repo, [add("b.txt")], commit_message="y", revision="refs/pr/1", parent_commit=first.oid
    )
    assert {"a.txt", "b.txt"} <= set(api.list_repo_files(repo, revision="refs/pr/1"))
    assert api.list_repo_files(repo) == [".gitattributes"]
    second = api.create_commit(repo, [add("c.txt")], commit_message="z", create_pr=True)
    refs = api.list_repo_refs(repo, include_pull_requests=True).pull_requests or []
    found = {ref.ref: ref.target_commit for ref in refs}
    assert found == {"refs/pr/1": more.oid, "refs/pr/2": second.oid}
    with pytest.raises(RevisionNotFoundError):
        api.create_commit(repo, [add("d.txt")], commit_message="w", revision="refs/pr/9")
    page = http.get(httpx.URL(first.pr_url or "").path, follow_redirects=True)
    assert (page.status_code, ">y<" in page.text) == (200, True)


def test_a_proposed_change_that_fails_leaves_no_reference(
    api: HfApi, new_repo: Callable[..., str]
) -> None:
    repo = new_repo()
    missing = CommitOperationDelete("nowhere.txt")
    with pytest.raises(EntryNotFoundError):
        api.create_commit(repo, [missing], commit_message="x", create_pr=True)
    assert api.list_repo_refs(repo, include_pull_requests=True).pull_requests == []


def test_upload_folder_respects_the_gitignore(
    api: HfApi, new_repo: Callable[..., str], tmp_path: Any
) -> None:
    for path in (".gitignore", "a.txt", "skip.log", "cache/x.bin"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("*.log\ncache/\n")
    repo = new_repo()
    api.upload_folder(repo_id=repo, folder_path=tmp_path)
    assert sorted(api.list_repo_files(repo)) == [".gitattributes", ".gitignore", "a.txt"]
