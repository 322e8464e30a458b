"""Which address Argilla listens on, and what it takes to open it."""

import json
import os
import socket
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from copydesk.show import show_places
from embedded import network
from embedded.errors import ServiceError
from embedded.home import Home
from embedded.network import argilla_url, parse_host, team_urls
from embedded.ports import HOST
from embedded.programs import programs
from embedded.services import exports, start
from embedded.users import add_user

OTHER_LOOPBACK = "127.0.0.2"


def test_only_argilla_listens_on_the_open_address(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    ports = {"argilla": 6900, "hub": 6910, "prefect": 4200}
    home.services.write_text(json.dumps({"ports": ports, "host": "0.0.0.0"}))
    hosts = {}
    for program in programs(home, ports):
        given = [b for a, b in pairwise(program.command) if a == "--host"]
        hosts[program.name] = given[0] if given else None
        assert program.health == "" or program.health.startswith(f"http://{HOST}:")
    assert hosts == {
        "redis": None,
        "argilla": "0.0.0.0",
        "argilla-worker": None,
        "hub": HOST,
        "prefect": HOST,
    }
    redis = next(p.command for p in programs(home, ports) if p.name == "redis")
    assert ("--port", "0") in pairwise(redis)
    assert exports(home)["ARGILLA_API_URL"] == f"http://{HOST}:6900"


def test_an_open_address_needs_a_word_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_all_addresses", lambda: ["192.0.2.7", "fe80::7%eth0"])
    assert parse_host(None, open_to_network=False) is None
    assert parse_host("localhost", open_to_network=False) == HOST
    assert parse_host("127.0.0.2", open_to_network=False) == "127.0.0.2"
    assert parse_host("0.0.0.0", open_to_network=True) == "0.0.0.0"
    with pytest.raises(ServiceError, match="lets the network reach Argilla") as refused:
        parse_host("192.0.2.7", open_to_network=False)
    assert refused.value.next_step.endswith("copydesk up --host 192.0.2.7 --open-to-network")
    with pytest.raises(ServiceError, match="is not an address of this machine"):
        parse_host("192.0.2.8", open_to_network=True)
    with pytest.raises(ServiceError, match="is not an IP address"):
        parse_host("newsroom", open_to_network=True)
    with pytest.raises(ServiceError, match="but not where"):
        parse_host(None, open_to_network=True)


@pytest.mark.parametrize(
    ("host", "local", "team"),
    [
        (HOST, "http://127.0.0.1:6900", []),
        ("192.0.2.7", "http://192.0.2.7:6900", ["http://192.0.2.7:6900"]),
        ("0.0.0.0", "http://127.0.0.1:6900", ["http://198.51.100.4:6900"]),
        ("::", "http://[::1]:6900", ["http://[2001:db8::4]:6900"]),
    ],
)
def test_addresses_for_programs_here_and_for_the_team(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    host: str,
    local: str,
    team: list[str],
) -> None:
    home = Home(tmp_path)
    home.services.write_text(f'{{"ports": {{"argilla": 6900}}, "host": "{host}"}}')
    four, six = socket.AF_INET, socket.AF_INET6
    listed = [(four, HOST), (four, "198.51.100.4"), (six, "2001:db8::4"), (six, "fe80::1%eth0")]
    found = [SimpleNamespace(family=family, address=address) for family, address in listed]
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0": found})
    assert argilla_url(home, 6900) == local
    assert team_urls(home) == team
    show_places(home)
    said = capsys.readouterr().out
    assert f"Argilla  {local}" in said
    assert all(f"Team     {address}" in said for address in team)
    assert ("reverse proxy with TLS" in said) == bool(team)


def test_a_host_is_refused_where_argilla_is_somebody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGILLA_API_URL", "https://argilla.example.org")
    with pytest.raises(ServiceError, match="ARGILLA_API_URL names another"):
        start(Home(tmp_path / "home"), services=("argilla",), host=OTHER_LOOPBACK)
    with pytest.raises(ServiceError, match="No Argilla was started"):
        add_user(Home(tmp_path / "home"), "ann", "annotator", ["copydesk"])
    assert not os.environ["ARGILLA_API_URL"].startswith("http://127")
