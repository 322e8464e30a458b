"""What the clients of the Hub's benchmark do, each in a process of its own.

    python -m benchmarks.hub_clients ACTION REPO [FOLDER or NUMBER]

`HF_ENDPOINT`, `HF_TOKEN` and a fresh `HF_HOME` come from the environment. An action prints one
JSON object; seconds are wall clock round the client's calls, without the time to start Python.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError

FILE = "large.bin"


def upload(repo: str, folder: str) -> dict[str, Any]:
    """One large file, from disk."""
    operation = CommitOperationAdd(FILE, Path(folder) / FILE)
    started = time.monotonic()
    HfApi().create_commit(repo, [operation], commit_message="a large file")
    return {"seconds": time.monotonic() - started}


def download(repo: str, folder: str) -> dict[str, Any]:
    """The large file into an empty cache."""
    started = time.monotonic()
    path = HfApi().hf_hub_download(repo, FILE, cache_dir=f"{folder}/cache-{started}")
    seconds = time.monotonic() - started
    with open(path, "rb") as file:
        return {"seconds": seconds, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def small_files(repo: str, count: str) -> dict[str, Any]:
    """Many small files in one commit, then their list."""
    operations = [
        CommitOperationAdd(f"data/{n // 100:02}/{n}.json", json.dumps({"row": n}).encode())
        for n in range(int(count))
    ]
    started = time.monotonic()
    HfApi().create_commit(repo, operations, commit_message="small files")
    committed = time.monotonic()
    names = HfApi().list_repo_files(repo)
    listed = time.monotonic()
    return {"seconds": committed - started, "list_seconds": listed - committed, "files": len(names)}


def commits(repo: str, writer: str, count: str) -> dict[str, Any]:
    """Commits that each name the head they saw; a refused one is tried again on the new head."""
    api, refused = HfApi(), 0
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for number in range(int(count)):
        operation = CommitOperationAdd(f"{writer}-{number}.txt", f"{writer} {number}\n".encode())
        while True:
            head = api.model_info(repo).sha
            try:
                api.create_commit(
                    repo, [operation], commit_message=f"{writer} {number}", parent_commit=head
                )
            except HfHubHTTPError as error:
                if error.response.status_code != 412:
                    raise
                refused += 1
            else:
                break
    return {"refused": refused}


ACTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    action.__name__: action for action in (upload, download, small_files, commits)
}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(ACTIONS[sys.argv[1]](*sys.argv[2:])) + "\n")
