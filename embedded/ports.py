"""Ports on loopback: the wanted one if it is free, else any free one."""

import fcntl
import json
import os
import socket
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from embedded.errors import ServiceError

HOST = "127.0.0.1"
DEFAULT_PORTS = {"argilla": 6900, "hub": 6910, "prefect": 4200}
# Clients keep a connection for five seconds, uvicorn's default. Where both give it up at the same
# moment a request is lost, and nobody sends it again.
IDLE_SECONDS = 75
# As long as a server may take from the choice of its port until it listens there.
PROMISE_SECONDS = 200


def reserve_ports(
    home: Path,
    services: list[str],
    recorded: Mapping[str, int],
    asked: Mapping[str, int],
    argilla_host: str = HOST,
) -> dict[str, int]:
    """`choose_ports`, without the ports that other homes of this user have just chosen.

    A port is free until somebody listens. Two homes started at the same moment would else choose
    the same one, and one of them would talk to the other's server.
    """
    file = Path(tempfile.gettempdir()) / f"copydesk-{os.getuid()}.ports.json"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as promises:
        fcntl.flock(promises, fcntl.LOCK_EX)
        others = _promised_to_others(promises.read(), str(home))
        taken = [port for ports, _ in others.values() for port in ports]
        chosen = choose_ports(services, recorded, asked, argilla_host, taken)
        promises.seek(0)
        promises.truncate()
        json.dump({**others, str(home): [list(chosen.values()), time.time()]}, promises)
    return chosen


def choose_ports(
    services: list[str],
    recorded: Mapping[str, int],
    asked: Mapping[str, int],
    argilla_host: str = HOST,
    taken: Collection[int] = (),
) -> dict[str, int]:
    """A port for each service: the one asked for, the one it had, its default, or a free one.

    Raises ServiceError where a port that was asked for is taken.
    """
    chosen: dict[str, int] = {}
    for name in services:
        wanted = asked.get(name)
        unusable = {*taken, *chosen.values()}
        host = argilla_host if name == "argilla" else HOST
        if wanted is not None and (wanted in unusable or not is_free(wanted, host)):
            raise ServiceError(
                f"Port {wanted}, asked for {name}, is taken on {host}.",
                f"Free it, or leave out --{name}-port: copydesk up then finds a free one.",
            )
        candidates = [wanted, recorded.get(name), DEFAULT_PORTS[name]]
        free = (p for p in candidates if p and p not in unusable and is_free(p, host))
        chosen[name] = next(free, None) or free_port(unusable)
    return chosen


def is_free(port: int, host: str = HOST) -> bool:
    """Whether this process could listen on the port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(but: Collection[int] = ()) -> int:
    """A port that was free a moment ago, and none of these."""
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        if port not in but:
            return port


def _promised_to_others(text: str, home: str) -> dict[str, tuple[list[int], float]]:
    """Home → its ports and when it chose them, where that is not long ago."""
    since = time.time() - PROMISE_SECONDS
    try:
        found = json.loads(text or "{}")
    except ValueError:
        # Its writer was killed in the middle.
        return {}
    return {name: (ports, at) for name, (ports, at) in found.items() if name != home and at > since}
