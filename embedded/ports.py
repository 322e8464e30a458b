"""Ports on loopback: the wanted one if it is free, else any free one."""

import socket
from collections.abc import Mapping

from embedded.errors import ServiceError

HOST = "127.0.0.1"
DEFAULT_PORTS = {"argilla": 6900, "hub": 6910, "prefect": 4200}


def choose_ports(
    services: list[str],
    recorded: Mapping[str, int],
    asked: Mapping[str, int],
    argilla_host: str = HOST,
) -> dict[str, int]:
    """A port for each service: the one asked for, the one it had, its default, or a free one.

    Raises ServiceError where a port that was asked for is taken.
    """
    chosen: dict[str, int] = {}
    for name in services:
        wanted = asked.get(name)
        host = argilla_host if name == "argilla" else HOST
        if wanted is not None and not is_free(wanted, host):
            raise ServiceError(
                f"Port {wanted}, asked for {name}, is taken on {host}.",
                f"Free it, or leave out --{name}-port: copydesk up then finds a free one.",
            )
        candidates = [wanted, recorded.get(name), DEFAULT_PORTS[name]]
        free = (p for p in candidates if p and p not in chosen.values() and is_free(p, host))
        chosen[name] = next(free, None) or free_port()
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


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
