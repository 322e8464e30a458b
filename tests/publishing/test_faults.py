"""Publishing through a Hub that fails: nothing doubled, nothing lost, never half a version."""

import hashlib
import io
import json
import logging
import os
import subprocess
import sys
import traceback
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from huggingface_hub import HfApi, set_client_factory
from huggingface_hub.utils._http import default_client_factory

from corpus.errors import DeskError
from publishing.hub import Published, head_revision, publish_folder
from publishing.manifest import file_hashes
from publishing.remote import Previous, Target, read_previous
from publishing.retries import Patience
from publishing.signed_addresses import hide_signed_addresses
from publishing.timeouts import limit_waiting
from tests.publishing.fault_proxy import Answer, Fault, FaultProxy, fault_proxy
from tests.publishing.faults import (
    ANSWER_SECONDS,
    CASES,
    KILLS,
    REPOSITORY,
    UPLOAD_MISSING,
    Case,
    fault_table,
)
from tests.publishing.killed import kill_at
from tests.publishing.manifests import manifest_json
from tests.publishing.watcher import Watcher
from tests.running import HubService

pytestmark = pytest.mark.services
QUICK = (0.01, 0.01, 0.01)
# What the killed process runs: the same publish, through the proxy.
SCRIPT = """
import sys
from pathlib import Path
from tests.publishing.test_faults import client, send
send(client(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), "two")
"""


def client(endpoint: str) -> HfApi:
    return HfApi(endpoint=endpoint, token=os.environ["HF_TOKEN"])


def write_version(folder: Path, version: str) -> Path:
    """Two large files and a small one; one of the large ones is the same in every version.

    No other test has the same: the Hub knows content that was ever uploaded.
    """
    for name, text in (("data/test.parquet", "same"), ("data/train.parquet", version)):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(f"PAR1{folder}{text}\0".encode() * 4_000)
    (folder / "notes.txt").write_text(version, encoding="utf-8")
    return folder


def send(api: HfApi, repo_id: str, folder: Path, version: str) -> Published:
    write_version(folder, version)

    def complete(previous: Previous) -> Mapping[str, str]:
        card = f"# Version {version}\n"
        files = file_hashes(folder) | {"card": hashlib.sha256(card.encode()).hexdigest()}
        return {"manifest.json": manifest_json(files), "README.md": card}

    patience = Patience(pauses=QUICK)
    return publish_folder(api, Target(repo_id, "dataset"), folder, complete, version, patience)


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


def commits(api: HfApi, repo_id: str) -> list[str]:
    return [c.title for c in api.list_repo_commits(repo_id, repo_type="dataset")]


def tags(api: HfApi, repo_id: str) -> dict[str, str]:
    refs = api.list_repo_refs(repo_id, repo_type="dataset")
    return {tag.name: tag.target_commit for tag in refs.tags}


def assert_holds(api: HfApi, repo_id: str, revision: str, folder: Path, copy: Path) -> None:
    """Every file of the folder is there, byte by byte, as another client reads it."""
    api.snapshot_download(repo_id, repo_type="dataset", revision=revision, local_dir=copy)
    for file in (file for file in folder.rglob("*") if file.is_file()):
        assert (copy / file.relative_to(folder)).read_bytes() == file.read_bytes(), file


@pytest.mark.usefixtures("short_patience")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_after_each_fault_there_is_one_whole_version(
    api: HfApi,
    proxy: FaultProxy,
    published: str,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    case: Case,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hide_signed_addresses()
    caplog.set_level(logging.INFO)

    def somebody_else() -> None:
        api.upload_file(
            path_or_fileobj=b"theirs",
            path_in_repo="theirs.txt",
            repo_id=published,
            repo_type="dataset",
            commit_message="theirs",
        )

    proxy.faults += case.make(somebody_else)
    others = ["theirs"] if any(fault.before for fault in proxy.faults) else []
    with Watcher(api, published, tmp_path_factory.mktemp("watcher")) as watcher:
        if case.succeeds:
            done = send(client(proxy.endpoint), published, tmp_path, "two")
            assert (done.changed, done.tag) == (True, "v2")
        else:
            with pytest.raises(DeskError) as error:
                send(client(proxy.endpoint), published, tmp_path, "two")
            assert_tells_no_secret("".join(traceback.format_exception(error.value)))
            assert "did not publish" not in str(error.value)
    assert caplog.text
    assert_tells_no_secret(caplog.text)
    assert watcher.checks
    assert watcher.broken == []
    assert proxy.count("POST", "/commit/main") == case.attempts
    assert sum(proxy.used.values()) >= 1
    if not case.succeeds:
        assert commits(api, published) == ["one", "initial commit"]
        proxy.faults.clear()
        done = send(client(proxy.endpoint), published, tmp_path, "two")
    assert commits(api, published) == ["two", *others, "one", "initial commit"]
    assert tags(api, published)["v2"] == done.revision
    assert len(tags(api, published)) == 2
    files = set(api.list_repo_files(published, repo_type="dataset"))
    assert ("theirs.txt" in files) is bool(others)
    assert_holds(api, published, "v2", tmp_path, tmp_path_factory.mktemp("copy"))
    again = send(api, published, tmp_path, "two")
    assert (again.changed, again.revision) == (False, done.revision)


def assert_tells_no_secret(shown: str) -> None:
    """Neither what people read, nor the traceback that a flow logs, nor any other line."""
    assert os.environ["HF_TOKEN"] not in shown
    assert "signature=" not in shown


@pytest.mark.parametrize(
    "fault",
    [
        Fault("GET", REPOSITORY, Answer(404, {"X-Error-Code": "RepoNotFound"}), times=2),
        Fault("HEAD", r"README\.md", Answer(404, {"X-Error-Code": "EntryNotFound"}), times=2),
        Fault("GET", r"resolve/.*README\.md", Answer(200), times=2),
        Fault("HEAD", r"manifest", Answer(404, {"X-Error-Code": "EntryNotFound"}), times=99),
    ],
    ids=["repository", "card", "card, cut short", "manifest, always"],
)
def test_what_a_hub_denies_for_a_while_is_never_taken_for_missing(
    proxy: FaultProxy, published: str, tmp_path: Path, fault: Fault
) -> None:
    write_version(tmp_path, "two")
    seen: list[Previous] = []

    def complete(previous: Previous) -> Mapping[str, str]:
        seen.append(previous)
        return {"manifest.json": manifest_json(file_hashes(tmp_path)), "README.md": "# Two\n"}

    proxy.faults.append(fault)
    target, patience = Target(published, "dataset"), Patience(pauses=QUICK)
    arguments = (client(proxy.endpoint), target, tmp_path, complete, "two", patience)
    if fault.times > len(QUICK):
        with pytest.raises(DeskError, match=r"does not show what it holds"):
            publish_folder(*arguments)
        assert seen == []
        return
    publish_folder(*arguments)
    assert [(p.tag, p.card, p.manifest is None) for p in seen] == [("v1", "# Version one\n", False)]


def test_a_hub_that_lags_is_asked_again_before_a_model_counts_as_the_first(
    proxy: FaultProxy, published: str
) -> None:
    missing = Answer(404, {"X-Error-Code": "RepoNotFound"})
    target, api = Target(published, "dataset"), client(proxy.endpoint)
    for times, is_there in ((1, True), (2, False)):
        proxy.faults.append(Fault("GET", REPOSITORY, missing, times=times))
        assert (read_previous(api, target).tag == "v1") is is_there
        proxy.faults.append(Fault("GET", REPOSITORY, missing, times=times))
        assert bool(head_revision(api, published, "dataset")) is is_there


def test_a_hub_that_names_no_address_is_published_to(
    proxy: FaultProxy, published: str, tmp_path: Path
) -> None:
    proxy.faults.append(Fault("POST", "/repos/create", Answer(409)))
    assert send(client(proxy.endpoint), published, tmp_path, "two").tag == "v2"


def test_broken_json_of_ours_is_no_lost_answer(api: HfApi, published: str, tmp_path: Path) -> None:
    asked: list[Previous] = []

    def complete(previous: Previous) -> Mapping[str, str]:
        asked.append(previous)
        return {"README.md": json.loads("{")}

    with pytest.raises(json.JSONDecodeError):
        publish_folder(api, Target(published, "dataset"), tmp_path, complete, "x", Patience(QUICK))
    assert len(asked) == 1


def test_logs_name_no_signed_address(proxy: FaultProxy, published: str, tmp_path: Path) -> None:
    hide_signed_addresses()
    written = io.StringIO()
    handler, client_log = logging.StreamHandler(written), logging.getLogger("huggingface_hub")
    client_log.addHandler(handler)
    try:
        proxy.faults.append(Fault("PUT", "/lfs-objects/", Answer(500), times=2))
        send(client(proxy.endpoint), published, tmp_path, "two")
    finally:
        client_log.removeHandler(handler)
    assert "/lfs-objects/" in written.getvalue()
    assert "signature" not in written.getvalue()


@pytest.mark.parametrize("when", KILLS)
def test_after_a_kill_the_next_publish_finishes(
    api: HfApi,
    proxy: FaultProxy,
    published: str,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    when: str,
) -> None:
    method, path, forward = KILLS[when]
    write_version(tmp_path, "two")
    running = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, proxy.endpoint, published, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        text=True,
    )
    with Watcher(api, published, tmp_path_factory.mktemp("watcher")) as watcher:
        kill_at(running, proxy, Fault(method, path, Answer(0), forward))
        already = len(proxy.seen)
        done = send(client(proxy.endpoint), published, tmp_path, "two")
    assert watcher.broken == []
    sent = sum(size for method, _, size in proxy.seen[already:] if method == "PUT")
    whole = (tmp_path / "data/train.parquet").stat().st_size
    assert sent == (whole if when in UPLOAD_MISSING else 0)
    assert commits(api, published) == ["two", "one", "initial commit"]
    assert tags(api, published) == {**tags(api, published), "v2": done.revision}
    assert len(tags(api, published)) == 2


def test_what_was_uploaded_is_not_sent_again(
    api: HfApi, proxy: FaultProxy, published: str, tmp_path: Path
) -> None:
    proxy.faults.append(Fault("POST", "/commit/main", Answer(507), times=1))
    with pytest.raises(DeskError, match=r"(?s)no room.*nothing was half-written"):
        send(client(proxy.endpoint), published, tmp_path, "two")
    sent = sum(size for method, path, size in proxy.seen if method == "PUT")
    assert sent == (tmp_path / "data/train.parquet").stat().st_size
    proxy.seen.clear()
    assert send(client(proxy.endpoint), published, tmp_path, "two").changed
    assert proxy.count("PUT", "") == 0


def test_a_version_without_a_tag_gets_its_own_before_the_next(
    api: HfApi, proxy: FaultProxy, published: str, tmp_path: Path
) -> None:
    proxy.faults.append(Fault("POST", r"/tag/", Answer(500), times=99))
    with pytest.raises(DeskError, match="kept failing"):
        send(client(proxy.endpoint), published, tmp_path, "two")
    untagged = api.repo_info(published, repo_type="dataset").sha
    # What people call a version is no version of ours.
    api.create_tag(published, tag="release", revision=untagged, repo_type="dataset")
    done = send(api, published, tmp_path, "three")
    found = tags(api, published)
    assert (found["v2"], found["v3"]) == (untagged, done.revision)
    assert done.tag == "v3"
    assert set(found) == {"v1", "v2", "v3", "release"}


def test_a_failed_first_publish_leaves_an_empty_repository(
    api: HfApi, proxy: FaultProxy, tmp_path: Path
) -> None:
    repo_id = f"copydesk/faults-{uuid.uuid4().hex[:8]}"
    proxy.faults.append(Fault("POST", "/commit/main", Answer(503), times=99))
    with pytest.raises(DeskError, match=r"(?s)kept failing.*nothing was half-written"):
        send(client(proxy.endpoint), repo_id, tmp_path, "one")
    assert set(api.list_repo_files(repo_id, repo_type="dataset")) <= {".gitattributes"}
    assert tags(api, repo_id) == {}
    done = send(api, repo_id, tmp_path, "one")
    assert (done.tag, tags(api, repo_id)) == ("v1", {"v1": done.revision})


def test_the_documentation_lists_these_faults() -> None:
    page = (Path(__file__).parents[2] / "docs/publishing.md").read_text(encoding="utf-8")
    assert fault_table() in page
