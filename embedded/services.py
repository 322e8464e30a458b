"""`up` and `down` of the embedded services."""

import json
from collections.abc import Callable, Mapping, Sequence

from embedded.database import (
    WORKSPACE,
    make_accounts,
    prepare_database,
    refuse_other_database,
)
from embedded.errors import ServiceError
from embedded.exports import HUB_OWNER, exports, hub_tokens, is_up, is_users_own
from embedded.home import Home, locked, write_private
from embedded.network import is_open, require_argilla, require_host
from embedded.ports import HOST, reserve_ports
from embedded.privacy import make_private
from embedded.programs import programs
from embedded.starts import forget_starts
from embedded.status import ProgramStatus, status
from embedded.supervision import (
    gave_up,
    manager,
    revive,
    start_manager,
    stop_manager,
    write_config,
)
from embedded.users import refuse_weak_secrets
from embedded.waiting import wait_until_healthy

__all__ = [
    "HUB_OWNER",
    "WORKSPACE",
    "ProgramStatus",
    "exports",
    "hub_tokens",
    "is_up",
    "is_users_own",
    "make_accounts",
    "start",
    "status",
    "stop",
    "stop_locked",
]


def start(
    home: Home,
    asked_ports: Mapping[str, int | None] | None = None,
    say: Callable[[str], None] = lambda _: None,
    services: Sequence[str] = ("argilla", "hub", "prefect"),
    host: str | None = None,
) -> dict[str, str]:
    """Start what is not the user's own, wait until it works, return what `env` exports.

    Doing it again starts only what was given up; what runs keeps running. ``host`` is Argilla's
    only, by default loopback; another one must have passed `network.parse_host`.
    """
    wanted = [name for name in services if not is_users_own(home, name)]
    if "argilla" in wanted:
        refuse_other_database()
    home.prepare()
    make_private(home.root)
    require_argilla(host, wanted)
    asked = {name: port for name, port in (asked_ports or {}).items() if port}
    if wanted and manager(home) is None:
        with locked(home):
            if manager(home) is None:
                _start_all(home, wanted, asked, say, host or HOST)
    require_host(home, host)
    for name in wanted:
        _require(home, name, asked.get(name))
    if wanted:
        with locked(home):
            _mend(home, wanted, say)
        # Not under the lock: the guard needs it, should the manager be killed meanwhile.
        wait_until_healthy(home, say)
    return exports(home)


def stop(home: Home, say: Callable[[str], None] = lambda _: None) -> bool:
    """Stop exactly what `start` started, warm and in reverse order; whether anything ran."""
    if not home.root.exists():
        return False
    with locked(home):
        return stop_locked(home, say)


def stop_locked(home: Home, say: Callable[[str], None] = lambda _: None) -> bool:
    """The same for who holds the home's lock already."""
    ran, killed = stop_manager(home)
    if killed:
        say(f"Did not end in time and had to be killed: {', '.join(killed)}.")
    return ran


def _start_all(
    home: Home,
    wanted: Sequence[str],
    asked: Mapping[str, int],
    say: Callable[[str], None],
    host: str,
) -> None:
    # What a manager and its guard left when both were killed would hold ports and the database.
    stop_manager(home)
    forget_starts(home)
    recorded = home.read_services().get("ports", {})
    ports = reserve_ports(home.root, list(wanted), recorded, asked, host)
    if "argilla" in ports:
        say("Preparing Argilla's database and accounts")
        prepare_database(home)
        if is_open(host):
            say("Looking for weak secrets")
            refuse_weak_secrets(home)
    hub_tokens(home)
    write_private(home.services, json.dumps({"ports": ports, "host": host}, indent=2))
    write_config(home, programs(home, ports))
    start_manager(home)


def _mend(home: Home, wanted: Sequence[str], say: Callable[[str], None]) -> None:
    """What is missing of a home whose services run already."""
    if "argilla" in wanted and not home.accounts.exists():
        make_accounts(home)
    ports = home.read_services().get("ports", {})
    ended = gave_up(home, [program.name for program in programs(home, ports)])
    if ended:
        say(f"Starting again: {', '.join(ended)}")
    revive(home, ended)


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
