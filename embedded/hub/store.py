"""Repositories on disk: bare git folders, their settings, and one lock for each."""

import fcntl
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dulwich.repo import Repo

from embedded.hub.durable import make_folder, place, scratch, sync_folder, sync_tree
from embedded.hub.errors import HubError, repo_not_found
from embedded.hub.git_write import CommitText, FileAdd, write_first_commit
from embedded.hub.names import KINDS, RepoId
from embedded.hub.packs import TEMPORARY

# The suffixes the Hub itself tracks in a new repository.
_LARGE = """
7z arrow avro bin bz2 ckpt ftz gguf gz h5 joblib lz4 mlmodel model msgpack npy npz onnx ot
parquet pb pickle pkl pt pth rar safetensors tar tflite tgz wasm xz zip zst
"""
GIT_ATTRIBUTES = "".join(
    f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in _LARGE.split()
)
STALE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class RepoSettings:
    """What git does not hold: visibility, and the time of creation (ISO 8601, UTC)."""

    private: bool
    created_at: str


@dataclass(frozen=True, slots=True)
class Store:
    """All repositories below `root`, as `<kind>/<namespace>/<name>.git`."""

    root: Path

    def folder(self, repo_id: RepoId) -> Path:
        return self.root / repo_id.kind / repo_id.namespace / f"{repo_id.name}.git"

    def exists(self, repo_id: RepoId) -> bool:
        return self.folder(repo_id).is_dir()

    def repo_ids(self, kind: str) -> list[RepoId]:
        folders = sorted((self.root / kind).glob("*/*.git"))
        return [RepoId(kind, folder.parent.name, folder.stem) for folder in folders]

    @contextmanager
    def opened(self, repo_id: RepoId) -> Iterator[Repo]:
        """The git repository; HubError RepoNotFound when it is missing."""
        if not self.exists(repo_id):
            raise repo_not_found()
        repo = Repo(str(self.folder(repo_id)), bare=True)
        try:
            yield repo
        finally:
            repo.close()

    @contextmanager
    def locked(self, repo_id: RepoId) -> Iterator[None]:
        """Excludes other writers of the same repository, in this process and in others.

        The lock file holds a mark while somebody writes. Whoever finds it there knows that the
        last writer was killed and clears the `.lock` files it left, which would block git.
        """
        # Joined by what no name holds: of a.b/c and a/b.c both would else have one lock, and moving
        # the one to the other waited for itself.
        name = f"{repo_id.kind}+{repo_id.namespace}+{repo_id.name}"
        with (self.root / "locks" / name).open("a+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            if file.read(1):
                _clear_leftovers(self.folder(repo_id))
            else:
                file.write(b"writing\n")
            try:
                yield
            except OSError:
                # On a full disk dulwich, too, leaves lock files behind.
                _clear_leftovers(self.folder(repo_id))
                raise
            finally:
                file.truncate(0)

    def settings(self, repo_id: RepoId) -> RepoSettings:
        if not self.exists(repo_id):
            raise repo_not_found()
        file = self.folder(repo_id) / "hub.json"
        if not file.exists():
            # A bare repository that somebody copied here: nobody said that it is public.
            return RepoSettings(private=True, created_at="1970-01-01T00:00:00.000Z")
        return RepoSettings(**json.loads(file.read_text()))

    def change_visibility(self, repo_id: RepoId, private: bool) -> None:
        with self.locked(repo_id):
            settings = replace(self.settings(repo_id), private=private)
            write_json(self.folder(repo_id) / "hub.json", asdict(settings))

    def create(self, repo_id: RepoId, author: str, private: bool, card: str = "") -> None:
        """A repository with its first commit; HubError 409 when the name is taken."""
        with self.locked(repo_id):
            if self.exists(repo_id):
                raise HubError(409, f"You already created this repository: {repo_id.full_name}")
            make_folder(self.folder(repo_id).parent)
            with tempfile.TemporaryDirectory(dir=self.root / "incoming") as folder:
                temporary = Path(folder) / "new.git"
                temporary.mkdir()
                _fill(temporary, author, private, card)
                sync_tree(temporary)
                temporary.rename(self.folder(repo_id))
                sync_folder(self.folder(repo_id).parent)

    def delete(self, repo_id: RepoId) -> None:
        with self.locked(repo_id):
            if not self.exists(repo_id):
                raise repo_not_found()
            with tempfile.TemporaryDirectory(dir=self.root / "incoming") as trash:
                self.folder(repo_id).rename(Path(trash) / "old.git")
                sync_folder(self.folder(repo_id).parent)

    def move(self, source: RepoId, target: RepoId) -> None:
        """HubError 409 when the target exists; locks are taken in one order, so never crosswise."""
        with ExitStack() as stack:
            for repo_id in sorted({source, target}, key=lambda item: item.full_name):
                stack.enter_context(self.locked(repo_id))
            if not self.exists(source):
                raise repo_not_found()
            if self.exists(target):
                kind = target.kind.removesuffix("s")
                raise HubError(409, f"A {kind} repository called {target.full_name} already exists")
            make_folder(self.folder(target).parent)
            self.folder(source).rename(self.folder(target))
            sync_folder(self.folder(target).parent)
            sync_folder(self.folder(source).parent)


def open_store(root: Path) -> Store:
    """Makes the folders and removes what interrupted creations, deletions and uploads left."""
    for kind in (*KINDS, "incoming", "locks"):
        (root / kind).mkdir(parents=True, exist_ok=True)
    for leftover in (root / "incoming").iterdir():
        if leftover.stat().st_mtime < time.time() - STALE_SECONDS:
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    return Store(root)


def _fill(folder: Path, author: str, private: bool, card: str) -> None:
    with Repo.init_bare(str(folder), default_branch=b"main") as repo:
        config = repo.get_config()
        config.set((b"core",), b"fsyncObjectFiles", True)
        config.write_to_path()
        files = [FileAdd(".gitattributes", GIT_ATTRIBUTES.encode())]
        files += [FileAdd("README.md", card.encode())] if card else []
        write_first_commit(repo, files, CommitText("initial commit", "", author))
    write_json(folder / "hub.json", {"private": private, "created_at": time_text()})


def time_text() -> str:
    """Now, as the Hub writes times: ISO 8601 in UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_json(final: Path, data: object) -> None:
    """Replaces the file in one step; it is on disk when this returns."""
    with scratch(final.parent) as file:
        file.write(json.dumps(data).encode())
        place(file, final)


def _clear_leftovers(folder: Path) -> None:
    for pattern in ("*.lock", f"{TEMPORARY}*"):
        for path in folder.rglob(pattern):
            path.unlink(missing_ok=True)
