"""The conftest under which huggingface_hub's own tests run against our Hub.

The source distribution has none, so this one gives the fixtures its tests name, every test a
home of its own, and leaves out what `hub_exclusions.txt` lists; a pattern there that matches
nothing is an error. Which tests asked our Hub is written into the report.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest
from huggingface_hub import HfApi, RepoUrl, constants
from huggingface_hub.utils import _detect_agent

from tests.testing_constants import ENDPOINT_STAGING, TOKEN, USER
from tests.testing_utils import repo_name

PLACES = {
    "HF_HOME": "",
    "HF_HUB_CACHE": "hub",
    "HUGGINGFACE_HUB_CACHE": "hub",
    "HF_XET_CACHE": "xet",
    "HF_ASSETS_CACHE": "assets",
    "HUGGINGFACE_ASSETS_CACHE": "assets",
    "HF_TOKEN_PATH": "token",
    "HF_STORED_TOKENS_PATH": "stored_tokens",
}
asked: Counter[str] = Counter()


class RepoFactory(Protocol):
    """Makes a repository that lives as long as the test."""

    def __call__(self, repo_type: str = "model", **options: Any) -> RepoUrl: ...


@pytest.fixture(scope="session")
def api() -> HfApi:
    return HfApi(endpoint=ENDPOINT_STAGING, token=TOKEN)


@pytest.fixture
def repo_factory(api: HfApi) -> Iterator[RepoFactory]:
    made: list[tuple[str, str, str]] = []

    def create(repo_type: str = "model", **options: Any) -> RepoUrl:
        token = options.pop("token", TOKEN)
        repo_id = options.pop("repo_id", None) or repo_name()
        url = api.create_repo(repo_id, repo_type=repo_type, token=token, **options)
        made.append((url.repo_id, repo_type, token))
        return url

    yield create
    for repo_id, repo_type, token in made:
        api.delete_repo(repo_id, repo_type=repo_type, token=token, missing_ok=True)


@pytest.fixture
def new_repo_id(api: HfApi) -> Iterator[str]:
    repo_id = f"{USER}/{repo_name()}"
    yield repo_id
    api.delete_repo(repo_id, missing_ok=True)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches and tokens of the test alone; no agent is recognised by its environment."""
    home = tmp_path_factory.mktemp("home")
    for name, place in PLACES.items():
        if hasattr(constants, name):
            monkeypatch.setattr(constants, name, str(home / place))
    monkeypatch.setattr(_detect_agent, "_registry", {"standardEnvVars": [], "harnesses": {}})


@pytest.fixture(autouse=True)
def warned(request: pytest.FixtureRequest) -> Iterator[None]:
    """The warning that a test marked as deprecated must give."""
    mark = request.node.get_closest_marker("deprecated")
    if mark is None:
        yield
        return
    with pytest.warns(FutureWarning) as warnings:
        yield
    texts = [str(warning.message) for warning in warnings]
    assert all(any(name in text for text in texts) for name in mark.args), texts


# Documents the command line by a script that the source distribution lacks.
collect_ignore = ["test_generate_cli_reference.py"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is excluded, and count it by reason."""
    patterns = read_exclusions(Path(os.environ["CONFORMANCE_EXCLUSIONS"]))
    kept, left_out, unused = [], [], dict(patterns)
    reasons: Counter[str] = Counter()
    for item in items:
        found = next((p for p in patterns if _matches(item, p)), None)
        if found is None:
            kept.append(item)
            continue
        left_out.append(item)
        unused.pop(found, None)
        reasons[patterns[found]] += 1
    if unused:
        raise pytest.UsageError(f"These exclusions match no test, delete them: {sorted(unused)}")
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)
    Path(os.environ["CONFORMANCE_REASONS"]).write_text(json.dumps(reasons), encoding="utf-8")


def read_exclusions(file: Path) -> dict[str, str]:
    """Pattern → reason: lines of patterns below a line `# reason`."""
    patterns, reason = {}, ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            reason = line[2:]
        elif line:
            patterns[line] = reason
    return patterns


def _matches(item: pytest.Item, pattern: str) -> bool:
    """`@marker`, or a name as pytest writes it, from the file on, with `*`."""
    if pattern.startswith("@"):
        return item.get_closest_marker(pattern[1:]) is not None
    name = item.nodeid.rpartition("tests/")[2]
    exact = name == pattern or name.startswith((f"{pattern}::", f"{pattern}["))
    return exact or fnmatchcase(name, pattern)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    before = asked[ENDPOINT_STAGING]
    yield
    item.user_properties.append(("asked", asked[ENDPOINT_STAGING] - before))


_handle_request = httpx2.HTTPTransport.handle_request


def _counting(transport: httpx2.HTTPTransport, request: httpx2.Request) -> httpx2.Response:
    response = _handle_request(transport, request)
    asked[f"{request.url.scheme}://{request.url.netloc.decode()}"] += 1
    return response


httpx2.HTTPTransport.handle_request = _counting
