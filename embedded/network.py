"""Which address Argilla listens on. Everything else stays on loopback, whatever is asked here."""

import ipaddress
import socket
from collections.abc import Iterator, Sequence

import psutil

from embedded.errors import ServiceError
from embedded.home import Home
from embedded.ports import HOST


def parse_host(text: str | None, open_to_network: bool) -> str | None:
    """The address asked for, if any. Raises ServiceError where it is none, or opens unasked."""
    if text is None and open_to_network:
        raise ServiceError(
            "--open-to-network says that Argilla may be reached, but not where.",
            "copydesk up --host 0.0.0.0 --open-to-network listens on every address.",
        )
    if text is None:
        return None
    try:
        address = ipaddress.ip_address(HOST if text == "localhost" else text)
    except ValueError as error:
        raise ServiceError(
            f"--host {text!r} is not an IP address.",
            "Use an address of this machine, or 0.0.0.0 for all of them.",
        ) from error
    known = {str(ipaddress.ip_address(a.partition("%")[0])) for a in _all_addresses()}
    if not (address.is_loopback or address.is_unspecified or str(address) in known):
        raise ServiceError(
            f"--host {text} is not an address of this machine.",
            f"Use one of {', '.join(sorted(known))}, or 0.0.0.0 for all of them.",
        )
    if not address.is_loopback and not open_to_network:
        raise ServiceError(
            f"--host {text} lets the network reach Argilla.",
            "Passwords would cross it unencrypted: better a TLS proxy (docs/security.md). Else: "
            f"copydesk up --host {text} --open-to-network",
        )
    return str(address)


def is_open(host: str) -> bool:
    """Whether others than this machine can reach the address."""
    return not ipaddress.ip_address(host).is_loopback


def argilla_host(home: Home) -> str:
    """Where this home's Argilla listens: said at its start, and not remembered for the next."""
    return str(home.read_services().get("host", HOST))


def argilla_url(home: Home, port: int) -> str:
    """The address for clients on this machine."""
    host = argilla_host(home)
    local = {"0.0.0.0": HOST, "::": "::1"}.get(host, host)
    return _url(local, port)


def team_urls(home: Home) -> list[str]:
    """Addresses for the team's browsers; empty where Argilla is not open to the network."""
    port = home.read_services().get("ports", {}).get("argilla")
    host = argilla_host(home)
    if not port or not is_open(host):
        return []
    if not ipaddress.ip_address(host).is_unspecified:
        return [_url(host, port)]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = list(_interface_addresses(family))
    return [_url(address, port) for address in found if "%" not in address and is_open(address)]


def require_argilla(asked: str | None, services: Sequence[str]) -> None:
    """Refuse an address where Argilla is somebody else's."""
    if asked is not None and "argilla" not in services:
        raise ServiceError(
            f"--host {asked} is for the embedded Argilla, but ARGILLA_API_URL names another.",
            "Unset ARGILLA_API_URL, or leave out --host.",
        )


def require_host(home: Home, asked: str | None) -> None:
    """Refuse another address than the one the running services have."""
    if asked is not None and asked != argilla_host(home):
        raise ServiceError(
            f"Argilla runs at {argilla_host(home)} already, not at {asked}.",
            "Run copydesk down, then the same command again.",
        )


def _interface_addresses(family: int) -> Iterator[str]:
    for found in psutil.net_if_addrs().values():
        yield from (a.address for a in found if a.family == family)


def _all_addresses() -> Iterator[str]:
    for family in (socket.AF_INET, socket.AF_INET6):
        yield from _interface_addresses(family)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
