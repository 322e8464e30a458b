"""The embedded Hub as a process: start, stop, kill, bad token files, what lies on disk."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, constants

from embedded.hub.accounts import Account, Accounts, load_accounts
from embedded.hub.errors import HubError
from embedded.hub.git_read import read_branch, read_file
from embedded.hub.git_write import MAIN, CommitText, FileAdd, write_commit
from embedded.hub.names import RepoId
from embedded.hub.store import open_store
from tests.embedded.hub_servers import TOKENS, running, write_tokens

pytestmark = pytest.mark.services
REPO = RepoId("models", "copydesk", "killed")

# Dies by SIGKILL when all objects are written and the branch is about to move.
KILLED_COMMIT = """
import os, signal, sys
from pathlib import Path
from dulwich.refs import DiskRefsContainer
from embedded.hub.git_read import read_branch
from embedded.hub.git_write import MAIN, CommitText, FileAdd, write_commit
from embedded.hub.names import RepoId
from embedded.hub.store import open_store

def die(refs, name, *rest):
    Path(os.fsdecode(refs.refpath(name)) + ".lock").touch()
    os.kill(os.getpid(), signal.SIGKILL)

DiskRefsContainer.set_if_equals = die
store, repo_id = open_store(Path(sys.argv[1])), RepoId("models", "copydesk", "killed")
with store.locked(repo_id), store.opened(repo_id) as repo:
    head = read_branch(repo, "main")
    text = CommitText("half", "", "copydesk")
    write_commit(repo, MAIN, head.id, [FileAdd("half.txt", b"half")], text)
"""


def commit(api: HfApi, name: str, content: bytes) -> str:
    operation = CommitOperationAdd(name, content)
    oid: str = api.create_commit("copydesk/kept", [operation], commit_message=name).oid
    return oid


def test_it_survives_kill_and_stops_on_a_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with running(tmp_path) as (endpoint, process):
        api = HfApi(endpoint=endpoint, token="hf_desk")
        api.create_repo("copydesk/kept")
        first = commit(api, "weights.bin", b"\0" * 3000)
        process.kill()
        process.wait(10)
    with running(tmp_path) as (endpoint, process):
        api = HfApi(endpoint=endpoint, token="hf_desk")
        assert api.model_info("copydesk/kept").sha == first
        second = commit(api, "b.txt", b"after")
        assert [c.commit_id for c in api.list_repo_commits("copydesk/kept")][:2] == [second, first]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) in (0, -signal.SIGTERM)
    log = (tmp_path / "log.txt").read_text()
    assert "Application shutdown complete" in log or "Finished server process" in log
    assert not any(token in log for token in TOKENS)


def test_on_disk_lie_plain_git_repositories_and_blobs_by_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with running(tmp_path) as (endpoint, _):
        api = HfApi(endpoint=endpoint, token="hf_desk")
        api.create_repo("copydesk/kept")
        oid = commit(api, "weights.bin", b"\0" * 3000)
    folder = tmp_path / "hub/models/copydesk/kept.git"
    shown = subprocess.run(
        ["git", "--git-dir", str(folder), "show", f"{oid}:weights.bin"],
        capture_output=True,
        text=True,
        check=True,
    )
    sha256 = shown.stdout.splitlines()[1].removeprefix("oid sha256:")
    blob = tmp_path / "hub/lfs" / sha256[:2] / sha256[2:4] / sha256
    assert blob.read_bytes() == b"\0" * 3000
    checked = subprocess.run(["git", "--git-dir", str(folder), "fsck", "--strict"], check=False)
    assert checked.returncode == 0


def test_private_means_members_of_the_namespace(tmp_path: Path) -> None:
    with running(tmp_path) as (endpoint, _):
        HfApi(endpoint=endpoint, token="hf_desk").create_repo("newsroom/hidden", private=True)
        codes = {
            token: httpx.get(
                f"{endpoint}/api/models/newsroom/hidden",
                headers={"Authorization": f"Bearer {token}"},
            ).status_code
            for token in TOKENS
        }
        assert codes == {"hf_desk": 200, "hf_stranger": 404, "hf_reader": 404}
        foreign = httpx.post(
            f"{endpoint}/api/repos/create",
            json={"name": "mine", "organization": "newsroom"},
            headers={"Authorization": "Bearer hf_stranger"},
        )
        assert foreign.status_code == 403


def test_a_writer_killed_before_the_branch_moves_leaves_the_old_head(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.create(REPO, "copydesk", private=False)
    with store.opened(REPO) as repo:
        before = read_branch(repo, "main").id
    killed = subprocess.run([sys.executable, "-c", KILLED_COMMIT, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(store.folder(REPO).rglob("*.lock"))
    with store.locked(REPO), store.opened(REPO) as repo:
        head = read_branch(repo, "main")
        assert head.id == before
        text = CommitText("whole", "", "copydesk")
        write_commit(repo, MAIN, head.id, [FileAdd("whole.txt", b"whole")], text)
        now = read_branch(repo, "main")
        assert read_file(repo, now, "whole.txt") == b"whole"
        assert read_file(repo, now, "half.txt") is None


def test_a_branch_that_moved_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.create(REPO, "copydesk", private=False)
    text = CommitText("x", "", "copydesk")
    with store.opened(REPO) as repo:
        old = read_branch(repo, "main").id
        new = write_commit(repo, MAIN, old, [FileAdd("a", b"1")], text)
        with pytest.raises(HubError) as refused:
            write_commit(repo, MAIN, old, [FileAdd("b", b"2")], text)
        assert refused.value.status == 412
        assert read_branch(repo, "main").id == new


@pytest.mark.parametrize(
    ("tokens", "rule"),
    [
        ({}, "write one token"),
        ({"hf_x": {"role": "write"}}, "needs a 'name'"),
        ({"hf_x": {"name": "a", "role": "admin"}}, "'read' or 'write'"),
        ({"hf_x": {"name": "a", "role": "read", "orgs": "b"}}, "list of names"),
    ],
)
def test_a_bad_token_file_stops_the_start_without_telling_the_token(
    tokens: object, rule: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "embedded.hub", "--root", str(tmp_path), "--port", "1"]
    command += ["--tokens", str(write_tokens(tmp_path, tokens))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert rule in done.stderr
    assert "hf_x" not in done.stderr


def test_tokens_are_in_no_repr(tmp_path: Path) -> None:
    accounts = load_accounts(write_tokens(tmp_path))
    assert accounts.of_token("hf_desk") == Account("copydesk", "write", ("newsroom",))
    assert isinstance(accounts, Accounts)
    assert not any(token in repr(accounts) for token in TOKENS)
    assert os.stat(tmp_path / "tokens.json").st_mode & 0o077 == 0
