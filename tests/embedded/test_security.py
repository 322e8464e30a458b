"""Who reaches the embedded Argilla, and where its secrets do not stand."""

import contextlib
import http.server
import re
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from embedded import services
from embedded.errors import ServiceError
from embedded.home import Home, read_json
from embedded.network import team_urls
from embedded.ports import HOST
from embedded.privacy import make_private
from embedded.services import exports, start, status, stop
from embedded.supervision import marked_processes
from embedded.users import end_all_sessions, refuse_weak_secrets, rotate_user
from tests.embedded import argilla_rest as rest
from tests.embedded.conftest import argilla_of
from tests.embedded.redis_scan import everything_in_redis

OTHER_LOOPBACK = "127.0.0.2"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Argilla alone, on another address of loopback."""
    home = Home(tmp_path_factory.mktemp("security") / "home")
    with argilla_of(home, host=OTHER_LOOPBACK):
        yield home


def test_it_listens_where_it_was_asked_to_and_nowhere_else(home: Home, url: str) -> None:
    listening = {
        connection.laddr.ip
        for process in marked_processes(home)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {OTHER_LOOPBACK}
    assert url.startswith(f"http://{OTHER_LOOPBACK}:")
    assert {line.url: line.healthy for line in status(home)}[url]
    assert team_urls(home) == []
    with pytest.raises(ServiceError, match=r"runs at 127\.0\.0\.2 already, not at 127\.0\.0\.3"):
        start(home, services=("argilla",), host="127.0.0.3")


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/redoc",
        "/openapi.json",
        "/api",
        "/api/docs",
        "/api/v1/docs",
        "/api/v1/docs/oauth2-redirect",
        "/api/v1/redoc",
        "/api/v1/openapi.json",
        "/api/v1/%64ocs",
        "//docs/",
    ],
)
def test_there_is_no_documentation(url: str, path: str) -> None:
    answer = httpx.get(url + path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


def test_no_other_origin_is_let_in_and_no_page_embeds_it(url: str) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    simple = httpx.get(f"{url}/api/v1/version", headers=origin)
    asked = {**origin, "Access-Control-Request-Method": "POST"}
    preflight = httpx.options(f"{url}/api/v1/token", headers=asked)
    page = httpx.get(f"{url}/sign-in", headers=origin)
    assert (simple.status_code, preflight.status_code, page.status_code) == (200, 400, 200)
    for answer in (simple, preflight, page):
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert simple.headers["cache-control"] == "no-store"
    assert "<script" in page.text


def test_nobody_signs_in_by_oauth_or_as_a_default_user(url: str) -> None:
    assert httpx.get(f"{url}/api/v1/oauth2/providers").json() == {"items": []}
    for name, password in (("argilla", "1234"), ("argilla", "12345678"), ("owner", "12345678")):
        assert rest.sign_in(url, name, password).status_code == 401
    assert rest.key_status(url, "argilla.apikey") == 401


def test_everything_below_the_home_is_private(home: Home) -> None:
    paths = [home.root, *home.root.rglob("*"), home.sockets, *home.sockets.rglob("*")]
    names = {path.name for path in paths}
    expected = {"argilla.db", "argilla.db-wal", "search.db", "argilla.log", "redis.sock"}
    assert expected | {"supervisord.conf", "argilla-accounts.json"} <= names
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in paths if not path.is_symlink()}
    folders = {path for path in modes if path.is_dir()}
    assert [path for path in folders if modes[path] != 0o700] == []
    open_files = [p for p in modes if p not in folders and modes[p] != 0o600]
    assert [path for path in open_files if path.exists()] == []


def test_modes_are_repaired_and_links_left_alone(tmp_path: Path) -> None:
    home, outside = tmp_path / "home", tmp_path / "outside"
    (home / "deep").mkdir(parents=True, mode=0o755)
    for file in (home / "deep" / "answers.parquet", outside):
        file.write_text("x")
        file.chmod(0o644)
    (home / "link").symlink_to(outside)
    assert make_private(home) == 3
    assert make_private(home) == 0
    assert stat.S_IMODE((home / "deep").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "deep" / "answers.parquet").stat().st_mode) == 0o600
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


@contextlib.contextmanager
def _failing_receiver() -> Iterator[tuple[str, list[str]]]:
    """A webhook's address that answers 500, and the paths it was asked for."""
    asked: list[str] = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["content-length"]))
            self.send_error(500)

        def log_message(self, format: str, *args: object) -> None:
            return None

    with http.server.ThreadingHTTPServer((HOST, 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_port}", asked
        server.shutdown()


def test_secrets_are_in_no_log_process_list_redis_or_index(
    home: Home, url: str, owner: httpx.Client
) -> None:
    accounts = read_json(home.accounts)
    secrets = {a[key] for a in accounts.values() for key in ("password", "api_key")}
    secrets |= {"marker-wrong-password", "marker-query", "hf_markerMARKERmarker", "marker-path"}
    secrets |= {"marker-created-1", "marker-invalid-2", home.secret("argilla-auth")}
    assert rest.sign_in(url, "owner", accounts["owner"]["password"]).status_code == 201
    assert rest.sign_in(url, "owner", "marker-wrong-password").status_code == 401
    httpx.get(f"{url}/api/v1/me", params={"token": "marker-query"})
    person = {"username": "dan", "first_name": "dan", "role": "annotator"}
    created = owner.post("/api/v1/users", json={**person, "password": "marker-created-1"})
    secrets.add(created.json()["api_key"])
    # Something is missing: the error's input is the whole body.
    invalid = owner.post("/api/v1/users", json={"password": "marker-invalid-2"})
    assert (invalid.status_code, "marker" in invalid.text) == (422, False)
    with _failing_receiver() as (address, asked):
        hook = {"url": f"{address}/marker-path", "events": ["dataset.created"]}
        webhook = owner.post("/api/v1/webhooks", json=hook).json()
        secrets.add(webhook["secret"])
        dataset_id = rest.make_dataset(owner, "copydesk", "visible-name", ["A text."])
        deadline = time.monotonic() + 30
        while not asked and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(1)
        assert asked == ["/marker-path"]
    export = {"name": "me/news", "subset": "default", "split": "train", "private": True}
    body = {**export, "token": "hf_markerMARKERmarker"}
    refused = owner.post(f"/api/v1/datasets/{dataset_id}/export", json=body)
    assert refused.status_code == 422
    assert "copydesk publish" in refused.json()["detail"]
    made = rotate_user(home, "annotator-1")
    secrets |= {made.password, made.api_key}
    assert rest.key_status(url, made.api_key) == 200

    redis = everything_in_redis(home.sockets / "redis.sock")
    # Argilla breaks long lines of its log anywhere.
    logs = re.sub(rb"\s+", b"", b"".join(file.read_bytes() for file in home.logs.iterdir()))
    lines = b"".join(_command_lines())
    index = b"".join(f.read_bytes() for f in (home.root / "argilla").glob("search.db*"))
    # The search sees what is there: an event's data, an invalid body, a failed job, a text.
    assert b"visible-name" in redis
    assert b"POST/api/v1/token" in logs
    assert b"body.first_name:missing" in logs
    assert b"telemetry" not in logs
    assert f"webhook{webhook['id']}:HTTP500".encode() in logs
    assert b"embedded.argilla" in lines
    assert b"a text" in index
    # Where Redis keeps a log of its commands, also what it has forgotten since.
    kept = b"".join(f.read_bytes() for f in (home.root / "redis").rglob("*") if f.is_file())
    places = {"redis": redis + kept, "logs": logs, "process list": lines, "index": index}
    # A line may be broken within a secret, too: both its ends are looked for.
    ends = {end.encode() for secret in secrets for end in (secret[:16], secret[-16:])}
    assert [(place, end) for place, text in places.items() for end in ends if end in text] == []


def _command_lines() -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield process.joinpath("cmdline").read_bytes()


@pytest.mark.long
def test_sessions_outlive_a_restart_until_the_key_is_replaced(home: Home, url: str) -> None:
    owner = read_json(home.accounts)["owner"]
    token = rest.sign_in(url, "owner", owner["password"]).json()["access_token"]
    assert stop(home)
    start(home, services=("argilla",))
    # Where it listened is not remembered: open for one run stays open for one run.
    url = exports(home)["ARGILLA_API_URL"]
    assert url.startswith(f"http://{HOST}:")
    assert rest.session_status(url, token) == 200
    end_all_sessions(home)
    assert rest.session_status(url, token) == 401
    assert rest.key_status(url, owner["api_key"]) == 200
    again = rest.sign_in(url, "owner", owner["password"]).json()["access_token"]
    assert rest.session_status(url, again) == 200


@pytest.mark.long
def test_weak_secrets_are_not_opened_to_the_network(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Last of this module: it stops the server, and starts none."""
    url, key = exports(home)["ARGILLA_API_URL"], exports(home)["ARGILLA_API_KEY"]
    with rest.client(url, key) as owner:
        for name in ("weak-1", "press-desk"):
            person = {"username": name, "first_name": name, "role": "annotator"}
            password = "12345678" if name == "weak-1" else "press-desk1234"
            assert owner.post("/api/v1/users", json={**person, "password": password}).is_success
    stop(home)
    with contextlib.closing(sqlite3.connect(home.root / "argilla" / "argilla.db")) as db:
        db.execute("UPDATE users SET api_key = 'admin.apikey' WHERE username = 'admin'")
        db.commit()
    # Its file is ahead of the database, as after a restored database.
    secret = home.root / "argilla-auth.secret"
    secret.write_text("short")
    (home.root / "argilla-accounts.json").write_text(
        re.sub(r'"admin\.[^"]+"', '"admin.apikey"', home.accounts.read_text())
    )
    started: list[Home] = []
    monkeypatch.setattr(services, "start_manager", started.append)
    # Nothing of this test shall touch an address others can reach.
    monkeypatch.setattr("embedded.ports.is_free", lambda port, host: True)
    with pytest.raises(ServiceError) as refused:
        start(home, services=("argilla",), host="0.0.0.0")
    assert started == []
    for name in ("admin: its API key", "press-desk: its password", "weak-1: its password"):
        assert name in refused.value.problem
        assert f"copydesk users rotate {name.partition(':')[0]}" in refused.value.next_step
    assert "secret key that signs sessions" in refused.value.problem
    assert "copydesk users rotate --all-sessions" in refused.value.next_step
    assert not re.search("12345678|admin.apikey|press-desk1234", str(refused.value))
    assert not re.search(r"\b(owner|annotator-1|dan):", refused.value.problem)
    end_all_sessions(home)
    with contextlib.closing(sqlite3.connect(home.root / "argilla" / "argilla.db")) as db:
        db.execute("DELETE FROM users WHERE username IN ('weak-1', 'press-desk', 'dan', 'admin')")
        db.commit()
    refuse_weak_secrets(home)
