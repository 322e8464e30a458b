"""A backup taken while people answer and records are logged: restored, it has everything."""

import json
import os
import sqlite3
import stat
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi

from embedded.home import Home
from embedded.processes import marked_processes
from embedded.services import exports, start, stop
from tests.running import ArgillaService, HubService, Services
from tests.test_copydesk import copydesk

pytestmark = pytest.mark.long


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
