"""The HTTP API of the embedded Hub, asked by the real client and by plain HTTP."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from huggingface_hub import (
    CommitOperationAdd,
    HfApi,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("without_xet")]


def add(path: str, content: bytes = b"text\n") -> CommitOperationAdd:
    return CommitOperationAdd(path, content)


def test_health_needs_no_token(hub_service: Any) -> None:
    answer = httpx.get(f"{hub_service.endpoint}/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_whoami_tells_name_and_role(api: HfApi) -> None:
    me = api.whoami()
    assert me["name"] == "copydesk"
    assert me["auth"]["accessToken"]["role"] == "write"


def test_create_answers_409_with_the_address(api: HfApi, new_repo: Callable[..., str]) -> None:
    repo = new_repo("dataset")
    again = api.create_repo(repo, repo_type="dataset", exist_ok=True)
    assert again.repo_id == repo
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_repo(repo, repo_type="dataset")
    assert refused.value.response.status_code == 409


def test_a_space_starts_with_a_card_that_names_what_runs_it(
    api: HfApi, new_repo: Callable[..., str], http: httpx.Client
) -> None:
    repo = new_repo("space", space_sdk="gradio")
    card = http.get(f"/spaces/{repo}/resolve/main/README.md").text
    assert card == f"---\ntitle: {repo.partition('/')[2]}\nsdk: gradio\n---\n"
    body = {"name": "other", "type": "space", "sdk": "fortran"}
    refused = http.post("/api/repos/create", json=body)
    assert (refused.status_code, "'fortran'" in refused.json()["error"]) == (400, True)


def test_answers_carry_the_clients_name_of_the_request(http: httpx.Client) -> None:
    named = http.get("/healthz", headers={"X-Amzn-Trace-Id": "a-b-c"})
    assert named.headers["x-request-id"] == "a-b-c"
    ids = {http.get("/healthz").headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2


def test_tags_and_branches(api: HfApi, new_repo: Callable[..., str]) -> None:
    repo = new_repo()
    first = api.create_commit(repo, [add("a.txt", b"1")], commit_message="one")
    api.create_tag(repo, tag="v1.0", revision=first.oid, tag_message="first round")
    api.create_branch(repo, branch="candidate/ab12", revision="v1.0")
    api.create_commit(repo, [add("a.txt", b"2")], commit_message="try", revision="candidate/ab12")
    refs = api.list_repo_refs(repo)
    assert [(tag.name, tag.target_commit) for tag in refs.tags] == [("v1.0", first.oid)]
    assert {branch.name for branch in refs.branches} == {"main", "candidate/ab12"}
    assert api.model_info(repo, revision="v1.0").sha == first.oid
    assert api.model_info(repo).sha == first.oid
    assert api.model_info(repo, revision="candidate/ab12").sha != first.oid
    with pytest.raises(HfHubHTTPError) as taken:
        api.create_tag(repo, tag="v1.0")
    assert taken.value.response.status_code == 409
    api.delete_tag(repo, tag="v1.0")
    api.delete_branch(repo, branch="candidate/ab12")
    assert api.list_repo_refs(repo).tags == []
    with pytest.raises(HfHubHTTPError) as kept:
        api.delete_branch(repo, branch="main")
    assert kept.value.response.status_code == 403


def test_what_is_pinned_by_a_tag_stays(api: HfApi, new_repo: Callable[..., str]) -> None:
    repo = new_repo()
    first = api.create_commit(repo, [add("a.txt")], commit_message="one").oid
    api.create_tag(repo, tag="v1")
    api.create_branch(repo, branch="v1")
    api.create_commit(repo, [add("b.txt")], commit_message="two", revision="v1")
    assert api.model_info(repo, revision="v1").sha == first
    assert api.list_repo_refs(repo).branches[-1].target_commit != first
    attempts: list[Callable[[], object]] = [
        lambda: api.create_tag(repo, tag="main"),
        lambda: api.create_branch(repo, branch=first),
        lambda: api.create_tag(repo, tag=first),
    ]
    refused = []
    for attempt in attempts:
        with pytest.raises(HfHubHTTPError) as error:
            attempt()
        refused.append(error.value.response.status_code)
    assert refused == [409, 400, 400]


def test_missing_things_raise_the_clients_own_errors(
    api: HfApi, new_repo: Callable[..., str], tmp_path: Any
) -> None:
    repo = new_repo()
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("copydesk/nowhere")
    with pytest.raises(RevisionNotFoundError):
        api.model_info(repo, revision="v9")
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(repo, "nowhere.txt", cache_dir=tmp_path)
    with pytest.raises(RevisionNotFoundError):
        api.create_commit(repo, [add("a.txt")], commit_message="x", revision="nowhere")


def test_a_tree_of_more_than_a_page_is_listed_in_full(
    api: HfApi, new_repo: Callable[..., str], http: httpx.Client
) -> None:
    repo = new_repo("dataset")
    operations = [add(f"rows/{number:04d}.txt", b"same") for number in range(1010)]
    api.create_commit(repo, operations, commit_message="many", repo_type="dataset")
    entries = list(api.list_repo_tree(repo, "rows", repo_type="dataset"))
    assert [entry.path for entry in entries] == [f"rows/{n:04d}.txt" for n in range(1010)]
    first = http.get(f"/api/datasets/{repo}/tree/main/rows")
    assert len(first.json()) == 1000
    assert 'rel="next"' in first.headers["link"]


def test_tree_with_expand_names_the_last_commit_of_each_path(
    api: HfApi, new_repo: Callable[..., str]
) -> None:
    repo = new_repo()
    one = api.create_commit(repo, [add("a.txt"), add("b/c.txt")], commit_message="one")
    two = api.create_commit(repo, [add("b/c.txt", b"new")], commit_message="two")
    entries = {entry.path: entry for entry in api.list_repo_tree(repo, recursive=True, expand=True)}
    lasts = {path: entry.last_commit.oid for path, entry in entries.items() if entry.last_commit}
    assert (lasts["a.txt"], lasts["b"], lasts["b/c.txt"]) == (one.oid, two.oid, two.oid)


def test_lists_are_paged_filtered_and_hide_private_ones(
    api: HfApi, new_repo: Callable[..., str], http: httpx.Client, hub_service: Any
) -> None:
    public, private = new_repo("dataset"), new_repo("dataset", private=True)
    card = b"---\nlicense: mit\ntags: [round-trip]\n---\n# x\n"
    api.create_commit(public, [add("README.md", card)], commit_message="x", repo_type="dataset")
    mine = {item.id for item in api.list_datasets(author="copydesk")}
    assert {public, private} <= mine
    assert [item.id for item in api.list_datasets(filter=["license:mit", "round-trip"])] == [public]
    anonymous = httpx.get(f"{hub_service.endpoint}/api/datasets", params={"author": "copydesk"})
    ids = {item["id"] for item in anonymous.json()}
    assert public in ids
    assert private not in ids
    page = http.get("/api/datasets", params={"author": "copydesk", "limit": 1})
    following = http.get(page.links["next"]["url"])
    assert len(page.json()) == len(following.json()) == 1
    assert page.json()[0]["id"] != following.json()[0]["id"]


def test_private_repositories_do_not_exist_for_strangers(
    new_repo: Callable[..., str], hub_service: Any
) -> None:
    repo = new_repo(private=True)
    answer = httpx.get(f"{hub_service.endpoint}/api/models/{repo}")
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RepoNotFound")
    assert httpx.get(f"{hub_service.endpoint}/{repo}/resolve/main/.gitattributes").is_error


def test_settings_that_say_nothing_of_visibility_keep_it(
    api: HfApi, new_repo: Callable[..., str]
) -> None:
    repo = new_repo(private=True)
    api.update_repo_settings(repo, gated=False)
    assert api.model_info(repo).private is True
    api.update_repo_settings(repo, private=False)
    assert api.model_info(repo).private is False


def test_references_that_cannot_stand_beside_each_other_are_409(
    api: HfApi, new_repo: Callable[..., str]
) -> None:
    repo = new_repo()
    api.create_tag(repo, tag="round")
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_tag(repo, tag="round/1")
    assert refused.value.response.status_code == 409


def test_strangers_may_not_send_long_bodies(hub_service: Any) -> None:
    url = f"{hub_service.endpoint}/api/validate-yaml"
    assert httpx.post(url, content=b"x" * 2_000_000).status_code == 413


def test_moved_and_deleted_repositories_are_gone(api: HfApi, new_repo: Callable[..., str]) -> None:
    repo = new_repo()
    target = f"{repo}-moved"
    api.move_repo(repo, target)
    assert not api.repo_exists(repo)
    assert api.repo_exists(target)
    api.delete_repo(target)
    assert not api.repo_exists(target)


def test_a_wrong_token_is_401_even_for_public_things(
    new_repo: Callable[..., str], hub_service: Any
) -> None:
    headers = {"Authorization": "Bearer hf_nobody"}
    url = f"{hub_service.endpoint}/api/models/{new_repo()}"
    assert httpx.get(url, headers=headers).status_code == 401
    with pytest.raises(HfHubHTTPError):
        HfApi(endpoint=hub_service.endpoint, token="hf_nobody").whoami()


def test_a_read_token_reads_and_does_not_write(
    new_repo: Callable[..., str], hub_service: Any
) -> None:
    reader = HfApi(endpoint=hub_service.endpoint, token=hub_service.read_token)
    repo = new_repo()
    assert reader.model_info(repo).id == repo
    for attempt in (
        lambda: reader.create_commit(repo, [add("a.txt")], commit_message="x"),
        lambda: reader.create_tag(repo, tag="v1"),
        lambda: reader.delete_repo(repo),
        lambda: reader.create_repo("copydesk/by-a-reader"),
    ):
        with pytest.raises(HfHubHTTPError) as refused:
            attempt()
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("name", ["..", "a..b", "-x", "x.git", "a b", "x" * 97, "api/x", "x/../y"])
def test_malformed_repository_names_are_400(name: str, http: httpx.Client) -> None:
    answer = http.post("/api/repos/create", json={"name": name, "type": "dataset"})
    assert answer.status_code == 400


def test_dots_in_download_addresses_find_nothing(
    new_repo: Callable[..., str], http: httpx.Client
) -> None:
    repo = new_repo()
    for path in ("..%2F..%2F..%2Fhub.json", "%2Fetc%2Fpasswd", "..%2Fconfig"):
        answer = http.get(f"/{repo}/resolve/main/{path}")
        assert (answer.status_code, answer.headers["x-error-code"]) == (404, "EntryNotFound")


@pytest.mark.parametrize("path", ["plain.txt", "large.bin"])
def test_downloads_answer_ranges(
    path: str, api: HfApi, new_repo: Callable[..., str], http: httpx.Client
) -> None:
    repo, content = new_repo(), bytes(range(1, 256))
    commit = api.create_commit(repo, [add(path, content)], commit_message="x")
    url = f"/{repo}/resolve/main/{path}"
    head = http.head(url)
    assert head.headers["x-repo-commit"] == commit.oid
    assert head.headers["content-length"] == "255"
    assert head.headers["etag"].strip('"')
    assert ("x-linked-etag" in head.headers) == (path == "large.bin")
    for wanted, expected in (("0-3", content[:4]), ("250-", content[250:]), ("-2", content[-2:])):
        part = http.get(url, headers={"Range": f"bytes={wanted}"})
        assert (part.status_code, part.content) == (206, expected)
    beyond = http.get(url, headers={"Range": "bytes=255-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */255")


def test_uploaded_pages_cannot_act_as_pages_of_the_server(
    api: HfApi, new_repo: Callable[..., str], http: httpx.Client
) -> None:
    repo = new_repo()
    api.create_commit(repo, [add("x.html", b"<script>1</script>")], commit_message="x")
    answer = http.get(f"/{repo}/resolve/main/x.html")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "sandbox" in answer.headers["content-security-policy"]
