"""`up`, `down`, `status` and `env` of the embedded services."""

import fcntl
import json
import os
import secrets
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import ServiceError
from embedded.home import Home, read_json, write_private
from embedded.network import argilla_url, is_open, require_argilla, require_host
from embedded.ports import HOST, choose_ports
from embedded.privacy import make_private
from embedded.programs import PROJECT, Program, argilla_environment, argilla_python, programs
from embedded.supervision import (
    MARKER,
    manager,
    process_states,
    start_manager,
    stop_manager,
    wait_for_states,
    write_config,
)
from embedded.users import DEFAULT_WORKSPACE, PRIVATE_UMASK, refuse_weak_secrets

WORKSPACE = DEFAULT_WORKSPACE
HUB_OWNER = "copydesk"
START_SECONDS = 180
# Which variables of the user's own environment mean "use my service instead".
USER_VARIABLES = {
    "argilla": ("ARGILLA_API_URL",),
    "hub": ("HF_ENDPOINT", "HF_TOKEN"),
    "prefect": ("PREFECT_API_URL",),
}


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One line of `status`: the process and whether it answers."""

    name: str
    state: str
    pid: int
    url: str
    healthy: bool


def start(
    home: Home,
    asked_ports: Mapping[str, int | None] | None = None,
    say: Callable[[str], None] = lambda _: None,
    services: Sequence[str] = ("argilla", "hub", "prefect"),
    host: str | None = None,
) -> dict[str, str]:
    """Start what is not the user's own, wait until it answers, return what `env` exports.

    Doing it again changes nothing: what runs keeps running. ``host`` is Argilla's only, by
    default loopback; another one must have passed `network.parse_host`.
    """
    home.prepare()
    make_private(home.root)
    with _lock(home):
        wanted = [name for name in services if not is_users_own(home, name)]
        require_argilla(host, wanted)
        asked = {name: port for name, port in (asked_ports or {}).items() if port}
        if manager(home) is None and wanted:
            with _one_start_at_a_time():
                _start_all(home, wanted, asked, say, host or HOST)
                _wait(home, say)
        elif "argilla" in wanted and not home.accounts.exists():
            make_accounts(home)
        require_host(home, host)
        for name in wanted:
            _require(home, name, asked.get(name))
        if wanted:
            _wait(home, say)
    return exports(home)


def stop(home: Home) -> bool:
    """Stop exactly what `start` started; returns whether anything ran."""
    if not home.root.exists():
        return False
    with _lock(home):
        return stop_manager(home)


def status(home: Home) -> list[ServiceStatus]:
    """The processes of this home, as the manager and their own addresses tell."""
    ports = home.read_services().get("ports", {})
    states = process_states(home)
    found = []
    for program in programs(home, ports) if ports else []:
        info = states.get(program.name, {})
        running = info.get("statename", "STOPPED")
        healthy = running == "RUNNING" and (not program.health or answers(program.health))
        url = program.health.split("/api")[0].removesuffix("/healthz")
        found.append(ServiceStatus(program.name, running, info.get("pid", 0), url, healthy))
    return found


def exports(home: Home) -> dict[str, str]:
    """The variables any client needs for the embedded services of this home."""
    ports = home.read_services().get("ports", {})
    found: dict[str, str] = {}
    if "argilla" in ports:
        found["ARGILLA_API_URL"] = argilla_url(home, ports["argilla"])
        if owner := read_json(home.accounts).get("owner"):
            found["ARGILLA_API_KEY"] = owner["api_key"]
    if "hub" in ports:
        found["HF_ENDPOINT"] = f"http://{HOST}:{ports['hub']}"
        found["HF_TOKEN"] = next(t for t, u in hub_tokens(home).items() if u["role"] == "write")
        # The embedded Hub stores files itself; clients would otherwise try Hugging Face's Xet.
        found["HF_HUB_DISABLE_XET"] = "1"
    if "prefect" in ports:
        found["PREFECT_API_URL"] = f"http://{HOST}:{ports['prefect']}/api"
    return found


def is_up(home: Home) -> bool:
    """Whether `up` was run and `down` was not."""
    return home.root.exists() and manager(home) is not None


def is_users_own(home: Home, service: str) -> bool:
    """Whether the environment names another service than the one this home runs.

    After ``eval "$(copydesk env)"`` the variables are set too, to this home's own values.
    """
    own = exports(home) if home.services.exists() else {}
    return any(
        os.environ.get(variable) and os.environ[variable] != own.get(variable)
        for variable in USER_VARIABLES[service]
    )


def hub_tokens(home: Home) -> dict[str, dict[str, str]]:
    """Token → account of the embedded Hub; made on first use."""
    if not home.hub_tokens.exists():
        users = [(HUB_OWNER, "write"), ("reader", "read")]
        accounts = {
            f"hf_{secrets.token_hex(20)}": {"name": name, "role": role, "orgs": []}
            for name, role in users
        }
        write_private(home.hub_tokens, json.dumps(accounts, indent=2))
    return read_json(home.hub_tokens)


def answers(url: str) -> bool:
    """Whether a GET answers 200 within a few seconds."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _start_all(
    home: Home,
    wanted: Sequence[str],
    asked: Mapping[str, int],
    say: Callable[[str], None],
    host: str,
) -> None:
    # A manager killed with -9 leaves its children; they would hold ports and the database.
    stop_manager(home)
    ports = choose_ports(list(wanted), home.read_services().get("ports", {}), asked, host)
    if "argilla" in ports:
        say("Preparing Argilla's database and accounts")
        make_accounts(home)
        if is_open(host):
            say("Looking for weak secrets")
            refuse_weak_secrets(home)
    hub_tokens(home)
    write_private(home.services, json.dumps({"ports": ports, "host": host}, indent=2))
    write_config(home, programs(home, ports))
    start_manager(home)


def make_accounts(home: Home) -> None:
    """Argilla's database, workspace and accounts; twice changes nothing."""
    command = [str(argilla_python()), "-m", "embedded.argilla", "accounts"]
    command += ["--credentials", str(home.accounts), "--workspace", WORKSPACE]
    environment = {**os.environ, **argilla_environment(home), MARKER: str(home.root)}
    made = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=PROJECT,
        umask=PRIVATE_UMASK,
    )
    if made.returncode:
        lines = (made.stderr or made.stdout).strip().splitlines() or ["no message"]
        raise ServiceError(
            f"Argilla's database could not be prepared: {lines[-1]}",
            f"Check that {home.root} is writable, then run copydesk up again.",
        )


def _require(home: Home, service: str, asked: int | None) -> None:
    port = home.read_services().get("ports", {}).get(service)
    if port and asked not in (None, port):
        raise ServiceError(
            f"{service} runs at port {port} already, not at {asked}.",
            f"Run copydesk down, then copydesk up --{service}-port {asked}.",
        )
    if port is None:
        raise ServiceError(
            f"The services of {home.root} run without {service}.",
            "Run copydesk down and copydesk up again.",
        )


def _wait(home: Home, say: Callable[[str], None]) -> None:
    ports = home.read_services().get("ports", {})
    if not ports:
        return
    wanted: list[Program] = programs(home, ports)
    wait_for_states(home, [program.name for program in wanted], START_SECONDS)
    deadline = time.monotonic() + START_SECONDS
    for program in wanted:
        say(f"Waiting for {program.name}")
        while program.health and not answers(program.health):
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"{program.name} does not answer at {program.health}.",
                    f"Read {home.logs / f'{program.name}.log'}.",
                )
            time.sleep(0.3)
    if "argilla" in ports:
        _require_own_argilla(home)


def _require_own_argilla(home: Home) -> None:
    """Another program may have taken the port between the choice and the start."""
    found = exports(home)
    headers = {"X-Argilla-Api-Key": found.get("ARGILLA_API_KEY", "")}
    url = f"{found['ARGILLA_API_URL']}/api/v1/me"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30):
            pass
    except urllib.error.HTTPError as error:
        raise ServiceError(
            f"The server at {found['ARGILLA_API_URL']} is not that of {home.root} "
            f"(HTTP {error.code}).",
            "Run copydesk down, then copydesk up: it chooses other ports.",
        ) from error


@contextmanager
def _one_start_at_a_time() -> Iterator[None]:
    """Of all homes of this user: a port is free until somebody listens, so two starts at the same
    moment would choose the same one, and one of them would talk to the other's server.
    """
    file = Path(tempfile.gettempdir()) / f"copydesk-{os.getuid()}.start.lock"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _lock(home: Home) -> Iterator[None]:
    """Two `up` at once would start two sets of services."""
    descriptor = os.open(home.root / "services.lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
