"""Waiting until what was started works, with a reason when it does not."""

import time
from collections.abc import Callable
from typing import Any

from embedded.errors import ServiceError
from embedded.exports import exports
from embedded.health import complaint
from embedded.home import Home
from embedded.launch import LAUNCHER_SAYS
from embedded.processes import listens
from embedded.programs import Program, programs
from embedded.supervision import gave_up, manager, process_states

START_SECONDS = 180
# The guard needs this long at most to bring a killed manager back.
MANAGER_SECONDS = 45


def wait_until_healthy(home: Home, say: Callable[[str], None]) -> None:
    """Wait until every program of this home works; ServiceError names the one that does not."""
    ports = home.read_services().get("ports", {})
    if not ports:
        return
    for program in programs(home, ports):
        if _wrong(home, program):
            say(f"Waiting for {program.name}")
            wait_for(home, program)
    if "argilla" in ports:
        _require_own_argilla(home, ports["argilla"])


def wait_for(home: Home, program: Program, timeout_seconds: float = START_SECONDS) -> None:
    """Wait until one program works, at most so long; less where nobody starts it any more."""
    deadline = time.monotonic() + timeout_seconds
    seen = time.monotonic()
    while wrong := _wrong(home, program):
        now = time.monotonic()
        seen = now if manager(home) is not None else seen
        if gave_up(home, [program.name]):
            raise ServiceError(
                f"{program.name} cannot be started: {last_line(home, program.name)}",
                f"Read {home.logs / f'{program.name}.log'}, then run copydesk up again.",
            )
        if now - seen > MANAGER_SECONDS:
            raise ServiceError(
                "The process manager ended while its programs were starting.",
                f"Read {home.logs / 'supervisord.log'}, then run copydesk up again.",
            )
        if now > deadline:
            raise ServiceError(
                f"{program.name} does not work after {timeout_seconds:.0f} s ({wrong}).",
                f"Read {home.logs / f'{program.name}.log'}.",
            )
        time.sleep(0.3)


def last_line(home: Home, name: str) -> str:
    """The last thing a program itself wrote, of its log's end."""
    log = home.logs / f"{name}.log"
    if not log.exists():
        return "it wrote no log"
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError as error:
        return f"its log cannot be read ({error.strerror})"
    own = [line for line in lines if line.strip() and not line.startswith(LAUNCHER_SAYS)]
    return own[-1].strip() if own else "it wrote nothing"


def _wrong(home: Home, program: Program) -> str:
    info: dict[str, Any] = process_states(home).get(program.name, {})
    pid = info.get("pid", 0)
    return complaint(home, program, pid) if pid else str(info.get("statename", "not there"))


def _require_own_argilla(home: Home, port: int) -> None:
    """Another program may have taken the port between the choice and the start.

    Who listens is asked of the kernel: a key sent there to find out would be a stranger's then.
    """
    pid = process_states(home).get("argilla", {}).get("pid", 0)
    if not listens(pid, port):
        raise ServiceError(
            f"The server at {exports(home)['ARGILLA_API_URL']} is not that of {home.root}.",
            "Run copydesk down, then copydesk up: it chooses other ports.",
        )
