"""Start, stop, crash and secrets of the embedded services."""

import json
import os
import signal
import socket
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from embedded.errors import ServiceError
from embedded.home import Home
from embedded.ports import HOST, choose_ports, free_port
from embedded.services import exports, is_up, is_users_own, make_accounts, start, status, stop
from embedded.supervision import manager, marked_processes
from tests.running import ArgillaService, Services


@pytest.mark.services
def test_accounts_are_random_private_and_work(
    services: Services, argilla_service: ArgillaService
) -> None:
    accounts = argilla_service.credentials
    roles = [account["role"] for account in accounts.values()]
    assert sorted(roles) == ["admin", *["annotator"] * 3, "owner"]
    assert len({account["password"] for account in accounts.values()}) == 5
    home = services.home
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700
    for file in (home.accounts, home.hub_tokens, home.supervisor_config):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file

    def sign_in(username: str, password: str) -> int:
        data = {"username": username, "password": password}
        return httpx.post(f"{argilla_service.api_url}/api/v1/token", data=data).status_code

    assert all(sign_in(a["username"], a["password"]) == 201 for a in accounts.values())
    assert sign_in("argilla", "1234") == 401
    assert sign_in("owner", "12345678") == 401


@pytest.mark.services
def test_a_connection_that_rests_for_a_while_is_not_given_up(services: Services) -> None:
    """Longer than clients keep one: else a request may meet the end of its connection."""
    variables = ("ARGILLA_API_URL", "HF_ENDPOINT", "PREFECT_API_URL")
    addresses = [urlsplit(services.environment[name]).netloc for name in variables]
    connections = [HTTPConnection(address, timeout=10) for address in addresses]
    for rest_seconds in (6, 0):
        for connection in connections:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            # A new one would be opened in silence.
            connection.auto_open = False
        time.sleep(rest_seconds)


@pytest.mark.services
def test_no_secret_is_in_a_log_or_command_line(
    services: Services, argilla_service: ArgillaService
) -> None:
    secrets = [
        a[key] for a in argilla_service.credentials.values() for key in ("password", "api_key")
    ]
    secrets += [services.environment["HF_TOKEN"], services.home.secret("argilla-auth")]
    logs = "".join(f.read_text(errors="replace") for f in services.home.logs.glob("*.log"))
    lines = " ".join(" ".join(p.cmdline()) for p in marked_processes(services.home))
    assert lines
    assert not [secret for secret in secrets if secret in logs + lines]
    assert services.environment["HF_TOKEN"] not in repr(services)


@pytest.mark.services
def test_everything_listens_on_loopback_only(services: Services) -> None:
    addresses = {
        connection.laddr.ip
        for process in marked_processes(services.home)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {HOST}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("ARGILLA_API_URL", "HF_ENDPOINT", "HF_TOKEN", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    return Home(tmp_path / "home")


def answers(home: Home) -> bool:
    return all(line.healthy for line in status(home)) and bool(status(home))


def wait_until_healthy(home: Home) -> None:
    deadline = time.monotonic() + 30
    while not answers(home) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert answers(home)


def test_up_twice_restart_and_down(home: Home) -> None:
    try:
        first = start(home, services=("hub",))
        before = {p.pid for p in marked_processes(home)}
        assert start(home, services=("hub",)) == first
        assert is_up(home)
        with pytest.raises(ServiceError, match="hub runs at port"):
            start(home, {"hub": 1}, services=("hub",))
        assert {p.pid for p in marked_processes(home)} == before
        (hub,) = status(home)
        os.kill(hub.pid, signal.SIGKILL)
        wait_until_healthy(home)
        assert status(home)[0].pid != hub.pid
        assert stop(home)
        assert marked_processes(home) == []
        assert not stop(home)
        assert not is_up(home)
        assert start(home, services=("hub",)) == first
    finally:
        stop(home)
    assert marked_processes(home) == []


def test_two_homes_started_at_once_have_services_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_ENDPOINT", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    homes = [Home(tmp_path / name) for name in ("a", "b")]
    try:
        with ThreadPoolExecutor() as pool:
            found = list(pool.map(lambda home: start(home, services=("hub",)), homes))
        assert found[0]["HF_ENDPOINT"] != found[1]["HF_ENDPOINT"]
        for exported in found:
            headers = {"Authorization": f"Bearer {exported['HF_TOKEN']}"}
            answer = httpx.get(f"{exported['HF_ENDPOINT']}/api/whoami-v2", headers=headers)
            assert answer.status_code == 200
    finally:
        for home in homes:
            stop(home)


def test_a_killed_manager_leaves_nothing_behind(home: Home) -> None:
    try:
        start(home, services=("hub",))
        supervisor = manager(home)
        assert supervisor is not None
        os.kill(supervisor.getPID(), signal.SIGKILL)
        assert start(home, services=("hub",))
        wait_until_healthy(home)
    finally:
        stop(home)
    assert marked_processes(home) == []


def test_services_of_the_user_are_not_waited_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(home, services=("hub",))
    stop(home)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    started = time.monotonic()
    start(home, services=("hub",))
    assert time.monotonic() - started < 5
    assert not is_up(home)


@pytest.mark.services
def test_a_lost_accounts_file_is_made_anew(services: Services) -> None:
    home = services.home
    kept = home.accounts.read_text(encoding="utf-8")
    home.accounts.unlink()
    try:
        assert "ARGILLA_API_KEY" not in exports(home)
        start(home)
        key = exports(home)["ARGILLA_API_KEY"]
        url = f"{services.environment['ARGILLA_API_URL']}/api/v1/me"
        answer = httpx.get(url, headers={"X-Argilla-Api-Key": key})
        assert (answer.status_code, answer.json()["role"]) == (200, "owner")
    finally:
        # The other tests of this session know the old keys.
        known = {name: {**a, "pending": True} for name, a in json.loads(kept).items()}
        home.accounts.write_text(json.dumps(known), encoding="utf-8")
        make_accounts(home)


def test_ports(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert choose_ports(["hub"], {"hub": port}, {})["hub"] != port
        with pytest.raises(ServiceError, match=f"Port {port}, asked for hub, is taken"):
            choose_ports(["hub"], {}, {"hub": port})
    wanted = free_port()
    assert choose_ports(["hub"], {}, {"hub": wanted}) == {"hub": wanted}
    both = choose_ports(["hub", "prefect"], {"hub": wanted, "prefect": wanted}, {})
    assert both["hub"] != both["prefect"]


def test_a_home_that_cannot_be_made_or_is_long(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(ServiceError, match="cannot be written"):
        Home(blocked / "home").prepare()
    deep = Home(tmp_path / ("x" * 100) / "home")
    assert len(bytes(deep.sockets / "supervisor.sock")) < 108
    assert len(bytes(deep.sockets / "redis.sock")) < 108


def test_which_services_are_the_users_own(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(is_users_own(home, s) for s in ("argilla", "hub", "prefect"))
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    assert is_users_own(home, "hub")
    assert not is_users_own(home, "argilla")
    monkeypatch.setenv("ARGILLA_API_URL", "https://argilla.example.org")
    assert is_users_own(home, "argilla")
