"""Whatever is sent to whichever route: an answer in the Hub's shape, never a fault of its own."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedded.hub.app import API_ROUTES, PAGE_ROUTES, REPO
from tests.embedded.hub_servers import TOKENS, running

pytestmark = pytest.mark.services
EXAMPLES = 200
REPO_PAGES = ("/tree/{revision}/{path...}", "/blob/{revision}/{path...}", "/commits/{revision}")
PATTERNS = sorted(
    {route.pattern for route in API_ROUTES + PAGE_ROUTES}
    | {f"/{{kind}}/{{namespace}}/{{name}}{rest}" for rest in REPO_PAGES}
    | {"/{namespace}/{name}/resolve/{revision}/{path...}", "/{namespace}/{name}/info/lfs/verify"}
    | {"/{namespace}/{name}.git/info/lfs/objects/batch", REPO + "/revision/{revision}"}
)
NASTY = ["..", "../../x", "%2e%2e", ".git", "\x00", "é🙂", "refs/heads/main", "main..v1", "@{0}"]
NASTY += ["", "a" * 300, "-1", "9" * 4400, "²", "main^", "HEAD", "\\", "?", "#", "[" * 60, "0" * 40]
# With {} for a branch or tag.
WRITING = [
    ("POST", "/api/repos/create"),
    ("POST", "/api/repos/move"),
    ("POST", "/api/validate-yaml"),
    ("PUT", "/api/models/copydesk/fuzz/settings"),
    *(
        ("POST", f"/api/models/copydesk/fuzz/{what}/{{}}")
        for what in ("branch", "tag", "preupload", "paths-info", "super-squash")
    ),
    ("POST", "/api/models/copydesk/fuzz/preupload/main"),
    ("POST", "/api/models/copydesk/fuzz/paths-info/main"),
    ("POST", "/copydesk/fuzz.git/info/lfs/objects/batch"),
    ("POST", "/copydesk/fuzz.git/info/lfs/verify"),
    ("DELETE", "/api/models/copydesk/fuzz/branch/{}"),
    ("DELETE", "/api/models/copydesk/fuzz/tag/{}"),
]
RANGES = ["bytes=0-1", "bytes=-0", "bytes=9-1", "bytes=a", "b=0-", "bytes=-9"]
RANGES += ["bytes=0-" + "9" * 4400]
text = st.sampled_from(NASTY) | st.text(max_size=12)
VALUES = {
    "kind": st.sampled_from(["models", "datasets", "spaces", "kinds"]),
    "namespace": st.just("copydesk") | text,
    "name": st.sampled_from(["fuzz", "fuzz.git"]) | text,
    "revision": st.just("main") | text,
    "path": st.sampled_from(["README.md", "rows.parquet"]) | text,
    "sha256": st.just("ab" * 32) | text,
    "hash": st.just("ab" * 32) | text,
    "prefix": st.just("default"),
    "number": st.sampled_from(["1", "0"]) | text,
}
KEYS = ["name", "type", "organization", "private", "visibility", "files", "objects", "operation"]
KEYS += ["path", "oid", "size", "sample", "content", "tag", "message", "startingPoint", "paths"]
KEYS += ["fromRepo", "toRepo", "gitIgnore", "key", "value", "summary", "encoding", "parentCommit"]
leaves = st.none() | st.booleans() | st.integers() | st.floats() | text
leaves |= st.sampled_from(["ab" * 32, "\ud800", "---\na: [" * 9])
tree = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)
operation = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["file", "lfsFile", "deletedFile", "deletedFolder", "other"]),
        "value": st.fixed_dictionaries(
            {"path": st.sampled_from(["README.md", "a/b", "rows.parquet/c"]) | text | leaves},
            optional={
                "content": leaves | st.just("eA=="),
                "encoding": st.just("base64") | leaves,
                "oid": leaves,
                "size": leaves,
            },
        ),
    }
)
HEADER = {"key": "header", "value": {"summary": "fuzz"}}
lines = st.lists(operation, max_size=3).map(
    lambda found: "\n".join(json.dumps(line) for line in [HEADER, *found]).encode()
)
body = st.binary(max_size=200) | tree.map(lambda value: json.dumps(value).encode()) | lines
headers = st.fixed_dictionaries(
    {},
    optional={
        "Authorization": st.sampled_from([*TOKENS, "hf_unknown", "xet-1-" + "ab" * 32]).map(
            "Bearer {}".format
        ),
        "Range": st.sampled_from(
            ["bytes=0-1", "bytes=-0", "bytes=9-1", "bytes=a", "b=0-", "bytes=-9"]
        ),
        "Accept": st.sampled_from(["text/html", "text/plain"]),
        "Content-Type": st.sampled_from(["application/json", "application/x-www-form-urlencoded"]),
    },
)
query = st.dictionaries(
    st.sampled_from(["cursor", "limit", "recursive", "expand", "size", "expires", "signature"])
    | st.sampled_from(["search", "author", "filter", "sort", "create_pr", "config", "split", "q"]),
    text,
    max_size=3,
)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    pattern = draw(st.sampled_from(PATTERNS)).replace("...", "")
    safe = draw(st.sampled_from(["", "/"]))
    parts = {name: quote(draw(values), safe=safe) for name, values in VALUES.items()}
    asked = "&".join(f"{key}={quote(value)}" for key, value in draw(query).items())
    return pattern.format(**parts) + ("?" + asked if asked else "")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("fuzz")
    with running(folder) as (endpoint, _):
        yield endpoint, folder / "log.txt"


Answer = tuple[http.client.HTTPResponse, bytes]
WRITER = {"Authorization": "Bearer hf_desk"}
settled = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def ask(endpoint: str, method: str, path: str, *rest: Any) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=20)
    try:
        connection.request(method, path, *rest)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def restore(endpoint: str) -> None:
    """The repository with a few files, whatever was done to it."""
    found, _ = ask(endpoint, "HEAD", "/copydesk/fuzz/resolve/main/rows.parquet", None, WRITER)
    if found.status == 200:
        return
    ask(endpoint, "POST", "/api/repos/create", b'{"name": "fuzz"}', WRITER)
    for path, content in (("README.md", "---\ntags: [x]\n---\n# Hi"), ("rows.parquet", "none")):
        line = {"key": "file", "value": {"path": path, "content": content}}
        sent = "\n".join(json.dumps(part) for part in (HEADER, line))
        ask(endpoint, "POST", "/api/models/copydesk/fuzz/commit/main", sent, WRITER)


def check(hub: tuple[str, Path], method: str, path: str, *rest: Any) -> Answer:
    endpoint, log = hub
    answer, content = ask(endpoint, method, path, *rest)
    assert answer.status < 500, (answer.status, content, log.read_text()[-3000:])
    assert b"Traceback" not in content
    return answer, content


@settled
@given(
    method=st.sampled_from(["GET", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]),
    path=addresses(),
    body=body,
    headers=headers,
)
def test_no_request_is_a_fault_of_the_server(
    hub: tuple[str, Path], method: str, path: str, body: bytes, headers: dict[str, str]
) -> None:
    restore(hub[0])
    answer, content = check(hub, method, path, body, headers)
    if answer.status >= 400 and method != "HEAD" and "Accept" not in headers:
        has_error = answer.getheader("X-Error-Message") or answer.status in (409, 416)
        assert has_error or path.startswith(("/api/validate-yaml", "/login")), (path, content)


@settled
@given(
    route=st.sampled_from(WRITING),
    name=text | st.just("v1"),
    body=tree | st.dictionaries(st.sampled_from(KEYS), tree, max_size=5),
)
def test_no_body_of_a_writer_is_a_fault_of_the_server(
    hub: tuple[str, Path], route: tuple[str, str], name: str, body: Any
) -> None:
    restore(hub[0])
    path = route[1].format(quote(name, safe=""))
    check(hub, route[0], path, json.dumps(body).encode(), WRITER)


@settled
@given(body=lines)
def test_no_commit_is_a_fault_of_the_server(hub: tuple[str, Path], body: bytes) -> None:
    restore(hub[0])
    check(hub, "POST", "/api/models/copydesk/fuzz/commit/main", body, WRITER)
    for path in ("/copydesk/fuzz", "/copydesk/fuzz/tree/main", "/copydesk/fuzz/commit/main"):
        assert check(hub, "GET", path, None, WRITER)[0].status == 200
