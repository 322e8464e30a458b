"""The search index when something goes wrong beside it: lost, broken, rebuilt, asked too much."""

import os
import sqlite3
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import argilla as rg
import httpx
import pytest

from embedded.programs import PROJECT, argilla_environment, argilla_python
from tests.running import ArgillaService, Services

pytestmark = [pytest.mark.services, pytest.mark.long]


class Desk:
    """One data set, logged to and searched by its owner."""

    def __init__(self, service: ArgillaService) -> None:
        key = service.credentials["owner"]["api_key"]
        client = rg.Argilla(api_url=service.api_url, api_key=key)
        settings = rg.Settings(
            fields=[rg.TextField(name="text", client=client)],
            questions=[rg.LabelQuestion(name="topic", labels=["a", "b"], client=client)],
        )
        name = f"repair-{uuid.uuid4().hex[:8]}"
        made = rg.Dataset(name, workspace=service.workspace, settings=settings, client=client)
        self.id = made.create().id
        self.http = httpx.Client(
            base_url=service.api_url, headers={"X-Argilla-Api-Key": key}, timeout=60
        )

    def log(self, *texts: str) -> int:
        items = [{"fields": {"text": text}, "external_id": uuid.uuid4().hex} for text in texts]
        bulk = f"/api/v1/datasets/{self.id}/records/bulk"
        return self.http.put(bulk, json={"items": items}).status_code

    def count(self, text: str) -> int:
        answer = self.http.post(
            f"/api/v1/me/datasets/{self.id}/records/search",
            json={"query": {"text": {"q": text}}},
        )
        assert answer.status_code == 200, answer.text
        total: int = answer.json()["total"]
        return total


@pytest.fixture
def desk(argilla_service: ArgillaService) -> Desk:
    return Desk(argilla_service)


def side_file(services: Services) -> Path:
    return services.home.root / "argilla" / "search.db"


def test_a_lost_side_file_is_made_anew_while_the_server_runs(
    services: Services, argilla_service: ArgillaService, desk: Desk
) -> None:
    assert desk.log("harbour bank", "harbour cup") == 200
    empty = Desk(argilla_service)
    for suffix in ("", "-wal", "-shm"):
        side_file(services).with_name(f"search.db{suffix}").unlink(missing_ok=True)
    # Every reader has a connection of its own to the file that is gone.
    assert [desk.count("harbour") for _ in range(12)] == [2] * 12
    assert empty.count("harbour") == 0
    assert desk.log("harbour again") == 200
    assert desk.count("harbour") == 3


def test_a_broken_side_file_is_made_anew_while_the_server_runs(
    services: Services, desk: Desk
) -> None:
    assert desk.log(*(f"harbour number{i}" for i in range(50))) == 200
    file = side_file(services)
    # What the journal holds would mend the pages below.
    with sqlite3.connect(file, timeout=30) as own:
        own.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    own.close()
    with file.open("r+b") as broken:
        broken.seek(4096)
        broken.write(os.urandom(max(4096, file.stat().st_size - 4096)))
    assert [desk.count("harbour") for _ in range(8)] == [50] * 8
    assert desk.count("number7") == 1


def test_reindex_while_people_log_leaves_nothing_out(services: Services, desk: Desk) -> None:
    assert desk.log(*(f"harbour {i}" for i in range(100))) == 200
    environment = {**os.environ, **argilla_environment(services.home)}
    reindex = subprocess.Popen(
        [argilla_python(), "-m", "embedded.argilla", "search-engine", "reindex"],
        cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    logged = 100
    while reindex.poll() is None:
        assert desk.log(*(f"harbour {logged + i}" for i in range(5))) == 200
        logged += 5
    assert reindex.returncode == 0, reindex.stdout and reindex.stdout.read()
    assert desk.count("harbour") == logged > 100


def test_hostile_queries_keep_nobody_from_searching(desk: Desk) -> None:
    assert desk.log("b " + "w " * 19 + "a " * 40, *(f"plain word{i}" for i in range(200))) == 200
    sloppy = '"a a a a a a a b"~20'
    fuzzy = " ".join(f"wrd{i}~2" for i in range(400))
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(desk.count, query) for query in (sloppy, fuzzy) * 4]
        started = time.monotonic()
        assert desk.count("plain") == 200
        assert time.monotonic() - started < 15
        assert [one.result() for one in asked]
