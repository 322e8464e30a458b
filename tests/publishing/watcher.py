"""A reader of head while others publish."""

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.hf_api import RepoFile


class Watcher:
    """Reads head over and over, and notes every state that is not one whole version.

    Its downloads lie apart: what it read must not help the publish out.
    """

    def __init__(self, api: HfApi, repo_id: str, downloads: Path) -> None:
        self.api, self.repo_id, self.downloads = api, repo_id, downloads
        self.broken: list[str] = []
        self.checks = 0
        self.stopped = threading.Event()
        self.pool = ThreadPoolExecutor(1)

    def __enter__(self) -> "Watcher":
        self.watching = self.pool.submit(self.watch)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        # A watcher that failed has seen nothing: its error is the test's.
        self.watching.result()
        self.pool.shutdown()

    def watch(self) -> None:
        # At least once; then as often as leaves the publish some of the machine.
        self.check()
        while not self.stopped.wait(0.02):
            self.check()

    def check(self) -> None:
        head = self.api.repo_info(self.repo_id, repo_type="dataset").sha
        tree = self.api.list_repo_tree(
            self.repo_id, repo_type="dataset", revision=head, recursive=True
        )
        large = {f.path: f.lfs.sha256 for f in tree if isinstance(f, RepoFile) and f.lfs}
        listed = json.loads(self.read("manifest.json", head))["files"]
        small = {"card": "README.md", "notes.txt": "notes.txt"}
        read = {key: hashlib.sha256(self.read(name, head)) for key, name in small.items()}
        found = large | {key: digest.hexdigest() for key, digest in read.items()}
        if any(found.get(name) != sha for name, sha in listed.items()):
            self.broken.append(f"{head}: {listed} but {found}")
        self.checks += 1

    def read(self, name: str, head: str | None) -> bytes:
        path = self.api.hf_hub_download(
            self.repo_id, name, repo_type="dataset", revision=head, cache_dir=self.downloads
        )
        return Path(path).read_bytes()
