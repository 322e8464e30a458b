"""Publishing through a Hub that fails: nothing doubled, nothing lost, never half a version."""

import logging
import os
import subprocess
import sys
import traceback
import uuid
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from corpus.errors import DeskError
from publishing.signed_addresses import hide_signed_addresses
from tests.publishing.fault_proxy import Answer, Fault, FaultProxy
from tests.publishing.faults import CASES, KILLS, UPLOAD_MISSING, Case, fault_table
from tests.publishing.killed import kill_at
from tests.publishing.versions import assert_holds, client, commits, send, tags, write_version
from tests.publishing.watcher import Watcher

pytestmark = pytest.mark.services
# What the killed process runs: the same publish, through the proxy.
SCRIPT = """
import sys
from pathlib import Path
from tests.publishing.versions import client, send
send(client(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), "two")
"""


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
