"""A backup taken while people answer and records are logged, and what `restore` refuses."""

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi

from embedded.backup import write_backup
from embedded.backup_file import MANIFEST
from embedded.errors import ServiceError
from embedded.home import Home, read_json, write_private
from embedded.hub.names import RepoId
from embedded.hub.store import open_store
from embedded.processes import marked_processes
from embedded.programs import PROJECT
from embedded.restore import restore_backup
from embedded.services import exports, start, status, stop
from tests.running import ArgillaService, HubService, Services
from tests.test_copydesk import copydesk


@dataclass
class Desk:
    """People at work on one Argilla data set: what the server has acknowledged so far."""

    url: str
    key: str
    dataset: str
    question: str
    records: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)

    def client(self) -> httpx.Client:
        headers = {"X-Argilla-Api-Key": self.key}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60)

    def log(self) -> None:
        """Log records in small batches until it is enough."""
        with self.client() as client:
            while not self.enough.is_set():
                items = [{"fields": {"text": f"fjord {uuid.uuid4().hex}"}} for _ in range(20)]
                path = f"/datasets/{self.dataset}/records/bulk"
                answer = client.post(path, json={"items": items})
                assert answer.status_code == 201, answer.text
                self.records += [item["id"] for item in answer.json()["items"]]

    def answer(self) -> None:
        """Answer the records that are there, each once, until it is enough."""
        with self.client() as client:
            number = 0
            while not self.enough.is_set():
                if number >= len(self.records):
                    time.sleep(0.02)
                    continue
                body = {"status": "submitted", "values": {self.question: {"value": "a"}}}
                answer = client.post(f"/records/{self.records[number]}/responses", json=body)
                assert answer.status_code == 201, answer.text
                self.answers.append(answer.json()["id"])
                number += 1

    def found(self) -> tuple[set[str], set[str]]:
        """Ids of the records and of the answers that the server has."""
        records, answers = set(), set()
        with self.client() as client:
            while True:
                query = {"include": "responses", "limit": 500, "offset": len(records)}
                page = client.get(f"/datasets/{self.dataset}/records", params=query).json()
                for item in page["items"]:
                    records.add(item["id"])
                    answers |= {response["id"] for response in item["responses"]}
                if not page["items"]:
                    return records, answers

    def count(self, word: str) -> int:
        """How many records the search index finds."""
        body = {"query": {"text": {"q": word}}}
        with self.client() as client:
            path = f"/me/datasets/{self.dataset}/records/search?limit=1"
            return int(client.post(path, json=body).json()["total"])


@pytest.fixture
def desk(argilla_service: ArgillaService) -> Desk:
    key = argilla_service.credentials["owner"]["api_key"]
    headers = {"X-Argilla-Api-Key": key}
    url = f"{argilla_service.api_url}/api/v1"
    with httpx.Client(base_url=url, headers=headers, timeout=60) as http:
        workspaces = http.get("/me/workspaces").json()["items"]
        body: dict[str, Any] = {"name": "backup", "workspace_id": workspaces[0]["id"]}
        dataset = http.post("/datasets", json=body).json()["id"]
        text = {"name": "text", "title": "Text", "required": True, "settings": {"type": "text"}}
        assert http.post(f"/datasets/{dataset}/fields", json=text).status_code == 201
        options = [{"value": value, "text": value} for value in "ab"]
        question = {"name": "topic", "title": "Topic", "required": True}
        question |= {"settings": {"type": "label_selection", "options": options}}
        assert http.post(f"/datasets/{dataset}/questions", json=question).status_code == 201
        assert http.put(f"/datasets/{dataset}/publish").status_code == 200
    return Desk(argilla_service.api_url, key, dataset, "topic")


@contextmanager
def at_work(desk: Desk) -> Iterator[None]:
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(desk.log), pool.submit(desk.answer)]
        try:
            yield
        finally:
            desk.enough.set()
        for job in jobs:
            job.result()


@pytest.mark.services
def test_a_backup_under_load_restores_everything_acknowledged_before_it(
    services: Services,
    hub_service: HubService,
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    repo = api.create_repo("copydesk/saved", exist_ok=True).repo_id
    weights = os.urandom(200_000)
    revision = api.upload_file(
        path_or_fileobj=weights, path_in_repo="model.safetensors", repo_id=repo
    ).oid
    (services.home.root / "state").mkdir(exist_ok=True)
    (services.home.root / "state" / "kept.json").write_text('{"kept": true}')
    file = tmp_path / "copydesk.backup"
    with at_work(desk):
        while len(desk.answers) < 60:
            time.sleep(0.05)
        records, answers = set(desk.records), set(desk.answers)
        done = copydesk("backup", str(file))
        during = len(desk.records) - len(records)
    assert done.returncode == 0, done.stderr
    assert during > 0, "nothing was logged while the backup was taken"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [file.name]

    home = Home(tmp_path / "elsewhere")
    restored = copydesk("restore", str(file), COPYDESK_HOME=str(home.root))
    assert restored.returncode == 0, restored.stderr
    for database in ("argilla/argilla.db", "prefect/prefect.db"):
        with closing(sqlite3.connect(home.root / database)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert not list(home.root.glob("argilla/search*"))
    for secret in ("argilla-accounts.json", "hub-tokens.json", "argilla-auth.secret"):
        copy = home.root / secret
        assert copy.read_bytes() == (services.home.root / secret).read_bytes()
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert json.loads((home.root / "state" / "kept.json").read_text()) == {"kept": True}

    for variable in ("ARGILLA_API_URL", "HF_ENDPOINT", "HF_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    try:
        start(home, services=("argilla", "hub"))
        found = exports(home)
        assert found["ARGILLA_API_KEY"] == desk.key
        assert found["ARGILLA_API_URL"] != desk.url
        copy_of_desk = Desk(found["ARGILLA_API_URL"], desk.key, desk.dataset, desk.question)
        kept_records, kept_answers = copy_of_desk.found()
        assert records <= kept_records <= set(desk.records)
        assert answers <= kept_answers <= set(desk.answers)
        assert copy_of_desk.count("fjord") == len(kept_records)
        hub = HfApi(endpoint=found["HF_ENDPOINT"], token=hub_service.token)
        assert hub.model_info(repo).sha == revision
        address = f"{found['HF_ENDPOINT']}/{repo}/resolve/{revision}/model.safetensors"
        assert httpx.get(address, follow_redirects=True).content == weights
    finally:
        stop(home)
    assert marked_processes(home) == []


@pytest.fixture
def filled(tmp_path: Path) -> Home:
    """A home with a database, a repository and secrets, and no service."""
    home = Home(tmp_path / "home")
    home.prepare()
    with closing(sqlite3.connect(home.root / "argilla" / "argilla.db")) as db:
        db.execute("CREATE TABLE t (x)")
        db.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(1000)])
        # Rowids stay, which VACUUM INTO would give anew.
        db.execute("DELETE FROM t WHERE x < 500")
        db.commit()
    write_private(home.accounts, json.dumps({"owner": {"api_key": "k"}}))
    store = open_store(home.root / "hub")
    store.create(RepoId("models", "copydesk", "small"), "copydesk", private=False)
    (home.root / "argilla" / "search.db").write_text("derived")
    (home.logs / "argilla.log").write_text("log")
    return home


def digests(folder: Path) -> dict[str, str]:
    files = [p for p in folder.rglob("*") if p.is_file() and p.parent.name != "locks"]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_what_is_saved_and_what_is_left_out(filled: Home, tmp_path: Path) -> None:
    (filled.root / "elsewhere").symlink_to(tmp_path)
    said: list[str] = []
    report = write_backup(filled, tmp_path / "b", say=said.append)
    with zipfile.ZipFile(report.file) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        manifest = json.loads(archive.read(MANIFEST))
    assert [line for line in said if "symbolic link" in line]
    assert names.count("argilla/argilla.db") == 1
    assert "hub/models/copydesk/small.git/refs/heads/main" in names
    assert not [n for n in names if n.startswith(("logs/", "hub/locks", "argilla/search"))]
    assert (manifest["format"], manifest["format_version"]) == ("copydesk-backup", 1)
    assert {m["name"] for m in manifest["members"]} == {*names} - {MANIFEST}
    other = Home(tmp_path / "other")
    restore_backup(other, report.file)
    with closing(sqlite3.connect(other.root / "argilla" / "argilla.db")) as db:
        assert db.execute("SELECT min(rowid), count(*) FROM t").fetchone() == (501, 500)


def test_a_database_in_use_is_copied_with_what_stands_in_its_log(
    filled: Home, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(filled.root / "argilla" / "argilla.db")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("INSERT INTO t VALUES (-1)")
        db.commit()
        db.execute("INSERT INTO t VALUES (-2)")
        write_backup(filled, tmp_path / "b")
        db.commit()
    other = Home(tmp_path / "other")
    restore_backup(other, tmp_path / "b")
    with closing(sqlite3.connect(other.root / "argilla" / "argilla.db")) as db:
        assert db.execute("SELECT x FROM t WHERE x < 0").fetchall() == [(-1,)]


def rewritten(file: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> Path:
    """A copy of a backup whose members or manifest were changed."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(MANIFEST))
    change(members, manifest)
    changed = file.with_name("changed")
    with zipfile.ZipFile(changed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return changed


def tampered(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["argilla-accounts.json"] = members["argilla-accounts.json"].replace(b"k", b"x")


def one_more(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["more"] = b"x"


def one_less(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del members["argilla-accounts.json"]


def newer(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["format_version"] = 2


def foreign(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["format"] = "other"


def listed(members: dict[str, bytes], manifest: dict[str, Any], name: str, content: bytes) -> None:
    members[name] = content
    digest = hashlib.sha256(content).hexdigest()
    manifest["members"].append({"name": name, "size_bytes": len(content), "sha256": digest})


def outside(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    listed(members, manifest, "../outside", b"x")


def absolute(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    listed(members, manifest, "/tmp/outside", b"x")


def config(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    listed(members, manifest, "supervisord.conf", b"[program:x]")


def damaged_database(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    content = members["argilla/argilla.db"]
    listed(members, manifest, "argilla/other.db", content[:5000] + b"\xff" * (len(content) - 5000))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (tampered, "argilla-accounts.json is not what was saved"),
        (one_more, "holds other files than its manifest says"),
        (one_less, "holds other files than its manifest says"),
        (newer, "has format 2; this Copydesk reads format 1"),
        (foreign, "is no backup of Copydesk"),
        (outside, r"holds a file '\.\./outside'"),
        (absolute, "holds a file '/tmp/outside'"),
        (config, "holds a file 'supervisord.conf'"),
        (damaged_database, "is damaged"),
    ],
)
def test_a_changed_backup_is_refused_and_nothing_is_touched(
    filled: Home,
    tmp_path: Path,
    change: Callable[[dict[str, bytes], dict[str, Any]], None],
    message: str,
) -> None:
    file = rewritten(write_backup(filled, tmp_path / "b").file, change)
    before, beside = digests(filled.root), sorted(tmp_path.iterdir())
    with pytest.raises(ServiceError, match=message):
        restore_backup(filled, file, replace=True)
    assert digests(filled.root) == before
    assert sorted(tmp_path.iterdir()) == beside


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_half_a_file_is_refused(filled: Home, tmp_path: Path, share: float) -> None:
    whole = write_backup(filled, tmp_path / "b").file.read_bytes()
    half = tmp_path / "half"
    half.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ServiceError, match="is broken"):
        restore_backup(Home(tmp_path / "other"), half)
    assert not (tmp_path / "other").exists()


def test_flipped_bytes_are_found(filled: Home, tmp_path: Path) -> None:
    whole = write_backup(filled, tmp_path / "b").file.read_bytes()
    flipped = tmp_path / "flipped"
    for position in range(100, len(whole) - 4000, max(1, len(whole) // 25)):
        content = bytearray(whole)
        content[position] ^= 0xFF
        flipped.write_bytes(content)
        with zipfile.ZipFile(flipped) as archive:
            ends = [i.header_offset for i in archive.infolist()]
        try:
            restore_backup(Home(tmp_path / "other"), flipped)
        except ServiceError:
            assert not (tmp_path / "other").exists()
        else:
            # In a local header's time or attributes, which nobody reads.
            assert any(0 <= position - start < 60 for start in ends)
            shutil.rmtree(tmp_path / "other")


def test_a_home_with_data_is_replaced_only_when_asked_and_kept_aside(
    filled: Home, tmp_path: Path
) -> None:
    file = write_backup(filled, tmp_path / "b").file
    write_private(filled.accounts, json.dumps({"owner": {"api_key": "newer"}}))
    with pytest.raises(ServiceError, match="holds data already"):
        restore_backup(filled, file)
    assert read_json(filled.accounts)["owner"]["api_key"] == "newer"
    report = restore_backup(filled, file, replace=True)
    assert read_json(filled.accounts)["owner"]["api_key"] == "k"
    assert report.kept_aside is not None
    assert read_json(Home(report.kept_aside).accounts)["owner"]["api_key"] == "newer"


@pytest.mark.services
def test_restore_stops_the_services_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_ENDPOINT", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    home = Home(tmp_path / "home")
    said: list[str] = []
    try:
        start(home, services=("hub",))
        file = write_backup(home, tmp_path / "b").file
        restore_backup(home, file, replace=True, say=said.append)
        assert marked_processes(home) == []
        assert "Stopping the services of this home" in said
        start(home, services=("hub",))
        assert [line.healthy for line in status(home)] == [True]
    finally:
        stop(home)


def test_where_a_backup_cannot_go(
    filled: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ServiceError, match="lies in COPYDESK_HOME"):
        write_backup(filled, filled.root / "b")
    with pytest.raises(ServiceError, match="is not there"):
        write_backup(filled, tmp_path / "none" / "b")
    with pytest.raises(ServiceError, match="nothing to save"):
        write_backup(Home(tmp_path / "empty"), tmp_path / "b")
    write_backup(filled, tmp_path / "b")
    with pytest.raises(ServiceError, match="is there already"):
        write_backup(filled, tmp_path / "b")
    # What a killed backup left is cleared away by the next.
    (tmp_path / ".b.999999999.unfinished").write_text("half")
    write_backup(filled, tmp_path / "b", overwrite=True)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".b")] == []
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(ServiceError, match=r"A backup may need .* and 0 MB are free"):
        write_backup(filled, tmp_path / "c")
    with pytest.raises(ServiceError, match=r"This backup needs .* and 0 MB are free"):
        restore_backup(Home(tmp_path / "other"), tmp_path / "b")


def test_a_damaged_database_makes_no_backup(filled: Home, tmp_path: Path) -> None:
    database = filled.root / "argilla" / "argilla.db"
    content = database.read_bytes()
    database.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(ServiceError, match=r"argilla\.db"):
        write_backup(filled, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def killed_halfway(home: Home, *arguments: str, sign: Callable[[], bool]) -> None:
    """Run a command, and kill it as soon as the sign is seen."""
    environment = {**os.environ, "COPYDESK_HOME": str(home.root)}
    command = [sys.executable, "-m", "copydesk", *arguments]
    with subprocess.Popen(
        command, env=environment, cwd=PROJECT, stderr=subprocess.DEVNULL
    ) as running:
        while not sign():
            assert running.poll() is None, "it was done before it could be killed"
            time.sleep(0.005)
        running.kill()


def test_a_backup_or_restore_killed_in_the_middle_changes_nothing(
    filled: Home, tmp_path: Path
) -> None:
    (filled.root / "state").mkdir()
    (filled.root / "state" / "large").write_bytes(os.urandom(80_000_000))
    before = digests(filled.root)
    killed_halfway(
        filled, "backup", str(tmp_path / "b"), sign=lambda: bool(list(tmp_path.glob(".b.*")))
    )
    assert not (tmp_path / "b").exists()
    file = write_backup(filled, tmp_path / "b").file
    assert list(tmp_path.glob(".b.*")) == []
    killed_halfway(
        filled,
        "restore",
        str(file),
        "--replace",
        sign=lambda: bool(list(tmp_path.glob("home.restoring-*/*"))),
    )
    assert digests(filled.root) == before
    restore_backup(filled, file, replace=True)
    assert list(tmp_path.glob("home.restoring-*")) == []
    assert (filled.root / "state" / "large").stat().st_size == 80_000_000
