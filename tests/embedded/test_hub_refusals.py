"""What the Hub refuses, and that each refusal has the shape its clients understand."""

import base64
import json
from collections.abc import Iterator

import httpx
import pytest

from tests.embedded.hub_servers import running

pytestmark = pytest.mark.services
SHA = "ab" * 32
API, PRIVATE = "/api/models/copydesk/open", "/api/models/newsroom/hidden"
COMMIT = "/api/models/copydesk/open/commit/main"
HEADER = {"key": "header", "value": {"summary": "x"}}


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A Hub with a public repository and a private one of an organization."""
    folder = tmp_path_factory.mktemp("hub")
    with running(folder) as (endpoint, _), httpx.Client(base_url=endpoint) as client:
        desk = {"Authorization": "Bearer hf_desk"}
        hidden = {"name": "hidden", "organization": "newsroom", "private": True}
        for body in ({"name": "open"}, hidden):
            client.post("/api/repos/create", json=body, headers=desk).raise_for_status()
        line = {"key": "file", "value": {"path": "a.txt", "content": "0123456789"}}
        sent = "\n".join(json.dumps(part) for part in (HEADER, line))
        client.post(COMMIT, content=sent, headers=desk).raise_for_status()
        client.post(f"{API}/tag/main", json={"tag": "v1"}, headers=desk).raise_for_status()
        yield client


def commit_of(**value: object) -> str:
    line = {"key": value.pop("key", "file"), "value": value}
    return json.dumps(HEADER) + "\n" + json.dumps(line)


REFUSED: list[tuple[str, str, str, object, int, str | None]] = [
    # Who may not.
    ("", "POST", COMMIT, commit_of(path="b", content="x"), 401, None),
    ("hf_none", "GET", API, None, 401, None),
    ("hf_reader", "POST", COMMIT, commit_of(path="b", content="x"), 403, None),
    ("hf_reader", "POST", f"{API}/preupload/main", {"files": []}, 403, None),
    ("hf_reader", "GET", f"{API}/xet-write-token/main", None, 403, None),
    ("hf_reader", "DELETE", "/api/repos/delete", {"name": "open"}, 403, None),
    ("hf_stranger", "POST", f"{API}/tag/main", {"tag": "v2"}, 403, None),
    ("hf_stranger", "POST", "/copydesk/open.git/info/lfs/objects/batch", {}, 403, None),
    ("hf_stranger", "POST", "/api/repos/create", {"name": "newsroom/mine"}, 403, None),
    ("hf_stranger", "GET", "/api/organizations/newsroom/settings/repositories", None, 403, None),
    # What strangers cannot even see.
    ("", "GET", PRIVATE, None, 404, "RepoNotFound"),
    ("hf_stranger", "GET", PRIVATE, None, 404, "RepoNotFound"),
    ("hf_stranger", "GET", f"{PRIVATE}/tree/main", None, 404, "RepoNotFound"),
    ("hf_stranger", "POST", f"{PRIVATE}/commit/main", commit_of(path="b"), 404, "RepoNotFound"),
    ("hf_stranger", "GET", "/newsroom/hidden/resolve/main/a", None, 404, "RepoNotFound"),
    # What is not there.
    ("hf_desk", "GET", f"{API}/revision/none", None, 404, "RevisionNotFound"),
    ("hf_desk", "GET", "/copydesk/open/resolve/main/none.txt", None, 404, "EntryNotFound"),
    ("hf_desk", "GET", f"{API}/tree/main/none", None, 404, "EntryNotFound"),
    ("hf_desk", "DELETE", f"{API}/tag/v9", None, 404, "RevisionNotFound"),
    ("hf_desk", "DELETE", f"{API}/branch/none", None, 404, "RevisionNotFound"),
    ("hf_desk", "POST", f"{API}/commit/none", commit_of(path="b"), 404, "RevisionNotFound"),
    # Ways out of the folder, plain and quoted.
    ("hf_desk", "GET", "/api/models/..%2F..%2Fetc/passwd", None, 400, None),
    ("hf_desk", "GET", "/copydesk/open/resolve/main/..%2F..%2FHEAD", None, 404, "EntryNotFound"),
    ("hf_desk", "GET", "/copydesk/open/resolve/..%2F..%2FHEAD/a", None, 404, "RevisionNotFound"),
    ("hf_desk", "POST", COMMIT, commit_of(path="../up", content="x"), 422, None),
    ("hf_desk", "POST", COMMIT, commit_of(path="a\\b", content="x"), 422, None),
    ("hf_desk", "POST", f"{API}/branch/..%2Fx", {}, 400, None),
    ("hf_desk", "POST", f"{API}/tag/main", {"tag": "../../x"}, 400, None),
    ("hf_desk", "POST", "/api/repos/move", {"fromRepo": "a/../b", "toRepo": "a/b"}, 400, None),
    # What cannot be read.
    ("hf_desk", "POST", COMMIT, "{", 400, None),
    ("hf_desk", "POST", COMMIT, "[" * 100_000, 400, None),
    ("hf_desk", "POST", COMMIT, commit_of(key="move", path="a"), 400, None),
    (
        "hf_desk", "POST", COMMIT,
        commit_of(path="b", content="é=", encoding="base64"), 400, None,
    ),
    ("hf_desk", "POST", COMMIT, commit_of(path="b", content="\ud800"), 400, None),
    ("hf_desk", "POST", COMMIT, commit_of(key="lfsFile", path="b", oid="x"), 422, None),
    ("hf_desk", "POST", COMMIT, commit_of(key="lfsFile", path="b", oid=SHA), 400, None),
    ("hf_desk", "POST", "/api/repos/create", "no json", 400, None),
    ("hf_desk", "GET", f"{API}/tree/main?cursor=-1", None, 400, None),
    ("hf_desk", "GET", f"{API}/tree/main?limit=" + "9" * 5000, None, 400, None),
    # What is kept as it is.
    ("hf_desk", "POST", f"{API}/tag/main", {"tag": "v1"}, 409, None),
    ("hf_desk", "DELETE", f"{API}/branch/main", None, 403, None),
    ("hf_desk", "POST", f"{API}/branch/main", {}, 409, None),
    # Other methods, signatures that nobody gave.
    ("hf_desk", "PATCH", API, None, 405, None),
    ("hf_desk", "PUT", COMMIT, None, 405, None),
    ("", "PUT", f"/lfs-objects/{SHA}?size=1&expires=9999999999&signature={SHA}", "x", 403, None),
    ("hf_desk", "PUT", "/lfs-objects/..%2Fx?size=1&expires=1&signature=", "x", 422, None),
    ("hf_desk", "POST", f"/v1/xorbs/default/{SHA}", "x", 401, None),
]  # fmt: skip


@pytest.mark.parametrize(("token", "method", "path", "body", "status", "code"), REFUSED)
def test_refusals_have_the_shape_of_the_hub(
    token: str,
    method: str,
    path: str,
    body: object,
    status: int,
    code: str | None,
    http: httpx.Client,
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    content = body if isinstance(body, str | None) else json.dumps(body)
    answer = http.request(method, path, content=content, headers=headers)
    assert (answer.status_code, answer.headers.get("x-error-code")) == (status, code)
    error = answer.json()["error"]
    assert (
        answer.headers["x-error-message"]
        == "".join(char if " " <= char <= "~" else "?" for char in error)[:2000].strip()
    )


@pytest.mark.parametrize(
    ("wanted", "status", "content"),
    [
        ("bytes=2-4", 206, "234"),
        ("bytes=7-", 206, "789"),
        ("bytes=-3", 206, "789"),
        ("bytes=0-999", 206, "0123456789"),
        ("bytes=10-", 416, ""),
        ("bytes=-0", 416, ""),
        ("BYTES=2-4", 206, "234"),
        # Not understood, so the whole file, as the standard has it.
        ("bytes=5-2", 200, "0123456789"),
        ("bytes=0-1,3-4", 200, "0123456789"),
        ("rows=1-2", 200, "0123456789"),
        ("bytes=" + "9" * 5000 + "-", 200, "0123456789"),
    ],
)
def test_ranges(wanted: str, status: int, content: str, http: httpx.Client) -> None:
    answer = http.get("/copydesk/open/resolve/main/a.txt", headers={"Range": wanted})
    assert (answer.status_code, answer.text) == (status, content)
    if status == 416:
        assert answer.headers["content-range"] == "bytes */10"


def test_what_a_client_has_is_not_sent_again(http: httpx.Client) -> None:
    address = "/copydesk/open/resolve/main/a.txt"
    tag = http.get(address).headers["etag"]
    unchanged = http.get(address, headers={"If-None-Match": f'"other", {tag}'})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
    assert http.get(address, headers={"If-None-Match": '"other"'}).text == "0123456789"
    part = {"Range": "bytes=2-4"}
    assert http.get(address, headers={**part, "If-Range": tag}).text == "234"
    assert http.get(address, headers={**part, "If-Range": '"other"'}).text == "0123456789"


def test_metadata_that_means_gigabytes_is_an_error_of_the_card(http: httpx.Client) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    card = "---\n" + "\n".join(lines) + "\n---\n# Text"
    answer = http.post("/api/validate-yaml", json={"content": card, "repoType": "model"})
    assert answer.status_code == 400
    assert "characters of metadata" in answer.json()["errors"][0]["message"]


def test_odd_credentials_are_401(http: httpx.Client) -> None:
    wrong = [base64.b64encode(b"\xff:\xff").decode(), "no base64", "é".encode()]
    for value in wrong:
        scheme = b"Basic " + (value if isinstance(value, bytes) else value.encode())
        assert http.get(API, headers={"Authorization": scheme}).status_code == 401
