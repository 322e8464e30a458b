"""Clients of the embedded Hub, Argilla in a home of its own, and a home without services."""

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi, constants

from embedded.home import Home, write_private
from embedded.hub.names import RepoId
from embedded.hub.store import open_store
from embedded.services import exports, start, stop
from tests.embedded import argilla_rest as rest

# They run in the Argilla server's environment: test_engine_properties starts them there.
collect_ignore = ["engine_properties"]


@pytest.fixture
def api(hub_service: Any) -> HfApi:
    return HfApi(endpoint=hub_service.endpoint, token=hub_service.token)


@pytest.fixture
def http(hub_service: Any) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {hub_service.token}"}
    with httpx.Client(base_url=hub_service.endpoint, headers=headers) as client:
        yield client


@pytest.fixture
def new_repo(api: HfApi) -> Callable[..., str]:
    def create(repo_type: str = "model", **options: Any) -> str:
        name = f"copydesk/test-{uuid.uuid4().hex[:12]}"
        return api.create_repo(name, repo_type=repo_type, **options).repo_id

    return create


@pytest.fixture
def without_xet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads by LFS, as clients do after `copydesk env`."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)


@contextmanager
def argilla_of(home: Home, host: str | None = None) -> Iterator[pytest.MonkeyPatch]:
    """Argilla alone, of this home: the environment names no other one meanwhile."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ARGILLA_API_URL", raising=False)
        environment.delenv("ARGILLA_API_KEY", raising=False)
        try:
            start(home, services=("argilla",), host=host)
            yield environment
        finally:
            stop(home)


@pytest.fixture
def url(home: Home) -> str:
    """The address of Argilla in the module's own ``home``."""
    return exports(home)["ARGILLA_API_URL"]


@pytest.fixture
def owner(home: Home, url: str) -> Iterator[httpx.Client]:
    """A client of Argilla in the module's own ``home``."""
    with rest.client(url, exports(home)["ARGILLA_API_KEY"]) as client:
        yield client


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
