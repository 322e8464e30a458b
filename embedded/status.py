"""`copydesk status`: each program's process and health, the manager, and the sizes of data."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from embedded.health import complaint
from embedded.home import Home
from embedded.processes import memory_mb, uptime_seconds
from embedded.programs import Program, programs
from embedded.starts import MANAGER, MAX_STARTS, WINDOW_SECONDS, read_starts
from embedded.supervision import (
    guard_is_alive,
    is_given_up,
    manager,
    process_states,
    silent_manager,
)
from embedded.supervisor_config import GUARD
from embedded.waiting import last_line

NEVER_STARTED = "never started"


@dataclass(frozen=True, slots=True)
class ProgramStatus:
    """One program. ``port`` is 0 and ``socket`` empty where it has none; memory is resident MiB
    with children; ``problem`` says what is wrong and the next command, else it is empty.
    """

    name: str
    state: str
    healthy: bool
    pid: int
    port: int
    socket: str
    url: str
    memory_mb: float
    uptime_seconds: int
    restarts: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ManagerStatus:
    """The process manager: ``state`` is running, not responding, starting again, killed,
    down or never started (data of a backup, before its first `up`).
    """

    state: str
    healthy: bool
    pid: int = 0
    memory_mb: float = 0.0
    uptime_seconds: int = 0
    restarts: int = 0
    problem: str = ""


def status(home: Home) -> list[ProgramStatus]:
    """The programs of this home, as the manager and their own addresses tell."""
    ports = home.read_services().get("ports", {})
    states = process_states(home)
    wanted = programs(home, ports) if ports else []
    return [_program_status(home, p, states.get(p.name, {})) for p in wanted]


def manager_status(home: Home) -> ManagerStatus:
    """Whether somebody starts what dies, and who starts that somebody."""
    supervisor = manager(home)
    restarts = read_starts(home, MANAGER).total
    guarded = guard_is_alive(home)
    if supervisor is not None:
        return _running_manager(home, supervisor.getPID(), guarded, restarts)
    if silent := silent_manager(home):
        problem = f"It does not respond (process {silent.pid}): copydesk down; copydesk up"
        return ManagerStatus("not responding", False, restarts=restarts, problem=problem)
    if guarded:
        problem = "It was killed and is being started again: ask again in some seconds."
        return ManagerStatus("starting again", False, restarts=restarts, problem=problem)
    if home.supervisor_pid_file.exists():
        log = home.logs / "guard-restarts.log"
        problem = f"It was killed, and no program runs: copydesk up ({log} may say more)."
        return ManagerStatus("killed", False, restarts=restarts, problem=problem)
    if was_never_started(home):
        problem = "This data was restored and was never started here: copydesk up"
        return ManagerStatus(NEVER_STARTED, False, problem=problem)
    return ManagerStatus("down", False, problem="Nothing runs here: copydesk up")


def was_never_started(home: Home) -> bool:
    """Whether a home lists services, as a backup does, that no `up` has started in it."""
    return home.services.exists() and not home.supervisor_config.exists()


def _running_manager(home: Home, pid: int, guarded: bool, restarts: int) -> ManagerStatus:
    programs = sum(memory_mb(i["pid"]) for n, i in process_states(home).items() if n != GUARD)
    return ManagerStatus(
        "running",
        guarded,
        pid,
        memory_mb=round(memory_mb(pid) - programs, 1),
        uptime_seconds=uptime_seconds(pid),
        restarts=restarts,
        problem="" if guarded else "Its guard is not running: copydesk down; copydesk up",
    )


def data_sizes(home: Home) -> dict[str, int]:
    """What lies in this home, in bytes; what is not named stands under ``other``."""
    argilla = home.root / "argilla"
    database = [argilla / f"argilla.db{suffix}" for suffix in ("", "-wal", "-shm", "-journal")]
    sizes = {
        "argilla_database": _bytes(database),
        "search_index": _bytes(argilla.glob("search*")),
        "redis": _bytes([home.root / "redis"]),
        "hub": _bytes([home.root / "hub"]),
        "prefect": _bytes([home.root / "prefect"]),
        "desk_state": _bytes([home.root / "state"]),
        "models": _bytes([home.root / "models"]),
        "logs": _bytes([home.logs]),
    }
    total = _bytes([home.root])
    return {**sizes, "other": total - sum(sizes.values()), "total": total}


def _program_status(home: Home, program: Program, info: dict[str, Any]) -> ProgramStatus:
    pid = info.get("pid", 0)
    stopped = NEVER_STARTED.upper() if was_never_started(home) else "STOPPED"
    state = info.get("statename", stopped)
    wrong = complaint(home, program, pid) if pid else state.lower()
    return ProgramStatus(
        name=program.name,
        # For supervisor, what works is still STARTING for some seconds.
        state="RUNNING" if pid and not wrong else state,
        healthy=not wrong,
        pid=pid,
        port=urlsplit(program.health).port or 0,
        socket=str(home.redis_socket) if program.probe == "redis" else "",
        url=program.health.split("/api")[0].removesuffix("/healthz"),
        memory_mb=memory_mb(pid),
        uptime_seconds=info["now"] - info["start"] if pid else 0,
        restarts=read_starts(home, program.name).restarts,
        problem=_problem(home, program, info, wrong),
    )


def _problem(home: Home, program: Program, info: dict[str, Any], wrong: str) -> str:
    log = home.logs / f"{program.name}.log"
    if not wrong:
        return ""
    if was_never_started(home):
        return "never started here: copydesk up"
    if is_given_up(info) and read_starts(home, program.name).exhausted:
        minutes = WINDOW_SECONDS // 60
        return (
            f"ended {MAX_STARTS} times within {minutes} minutes and is not started again. "
            f"Read {log}, mend that, then run copydesk up."
        )
    if is_given_up(info):
        return f"{last_line(home, program.name)}. Read {log}, then run copydesk up."
    return f"{wrong}. It may still be starting; else read {log}."


def _bytes(paths: Iterable[Path]) -> int:
    total = 0
    for path in paths:
        if path.is_dir():
            total += _bytes(Path(entry) for entry in os.scandir(path))
            continue
        try:
            total += path.lstat().st_size
        except OSError:
            # It was removed while we were looking.
            continue
    return total
