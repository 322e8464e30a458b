"""The process manager: supervisor (supervisord.org) starts, restarts and ends the programs."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import psutil

from embedded.errors import ServiceError
from embedded.home import Home
from embedded.manager_socket import CALL_SECONDS, MANAGER_ERRORS, PROBE_SECONDS, connect
from embedded.processes import ACCOUNTS, MARKER, PROGRAM, end_processes, marked_processes
from embedded.starts import forget_starts
from embedded.supervisor_config import GUARD, write_config

__all__ = [
    "MARKER",
    "gave_up",
    "guard_is_alive",
    "is_given_up",
    "manager",
    "marked_processes",
    "process_states",
    "revive",
    "silent_manager",
    "start_manager",
    "stop_manager",
    "write_config",
]

# The sum of what the programs may take to end warm, and some.
STOP_SECONDS = 120
LEFTOVER_SECONDS = 30
ACCOUNTS_SECONDS = 90


def start_manager(home: Home) -> None:
    """Start supervisord in the background."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SUPERVISOR_")}
    started = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(home.supervisor_config)],
        capture_output=True,
        text=True,
        check=False,
        env={**kept, MARKER: str(home.root)},
        stdin=subprocess.DEVNULL,
        # Its log is opened before the configured umask counts.
        umask=0o077,
    )
    if started.returncode:
        # Its complaints about the configuration quote it, with Argilla's secret key inside.
        said = (started.stderr or started.stdout).strip().split(" in value ")[0]
        raise ServiceError(
            f"The process manager did not start: {said}",
            f"Read {home.logs / 'supervisord.log'}; copydesk doctor checks the folder.",
        )


def manager(home: Home) -> Any | None:
    """The running manager's XML-RPC interface, or None where none runs or none answers.

    A call of it raises OSError when the manager falls silent for two minutes.
    """
    try:
        with connect(home, PROBE_SECONDS) as probe:
            probe.supervisor.getState()
    except MANAGER_ERRORS:
        return None
    return connect(home, CALL_SECONDS).supervisor


def silent_manager(home: Home) -> psutil.Process | None:
    """The manager's process where it is there; to be asked when `manager` finds none."""
    if not home.supervisor_pid_file.exists():
        return None
    pid = home.supervisor_pid_file.read_text(encoding="ascii").strip()
    found = [process for process in marked_processes(home) if str(process.pid) == pid]
    return found[0] if found else None


def process_states(home: Home) -> dict[str, dict[str, Any]]:
    """Program name → supervisor's process info; empty where nothing runs."""
    supervisor = manager(home)
    if supervisor is None:
        return {}
    try:
        return {info["name"]: info for info in supervisor.getAllProcessInfo()}
    except MANAGER_ERRORS:
        # It was killed between the two questions.
        return {}


def gave_up(home: Home, names: Sequence[str]) -> list[str]:
    """The programs that the running manager does not start again by itself."""
    states = process_states(home)
    return [name for name in names if is_given_up(states.get(name, {}))]


def is_given_up(info: dict[str, Any]) -> bool:
    """Whether nobody starts this program again; one that was never started is about to be."""
    state = info.get("statename")
    return state in ("FATAL", "UNKNOWN") or (state == "STOPPED" and info["start"] > 0)


def revive(home: Home, names: Sequence[str]) -> None:
    """Start programs again that the manager gave up, and count their starts anew."""
    supervisor = manager(home)
    if supervisor is None or not names:
        return
    forget_starts(home, list(names))
    for name in names:
        supervisor.startProcess(name, False)


def guard_is_alive(home: Home) -> bool:
    """Whether somebody will start a killed manager again."""
    return bool(marked_processes(home, GUARD))


def stop_manager(home: Home) -> tuple[bool, list[str]]:
    """End what runs, warm; returns whether anything ran, and what had to be killed."""
    # Migrations of an `up` that was killed: cut off, they would leave half a schema.
    psutil.wait_procs(marked_processes(home, ACCOUNTS), timeout=ACCOUNTS_SECONDS)
    supervisor = manager(home) or _wake(home)
    processes = marked_processes(home)
    names = {process.pid: _program_of(process) for process in processes}
    if supervisor is not None:
        pid = supervisor.getPID()
        main = [process for process in processes if process.pid == pid]
        supervisor.shutdown()
        psutil.wait_procs(main, timeout=STOP_SECONDS)
    killed = end_processes(processes, LEFTOVER_SECONDS)
    home.supervisor_pid_file.unlink(missing_ok=True)
    return supervisor is not None or bool(names), sorted({names[pid] for pid in killed})


def _wake(home: Home) -> Any | None:
    """Let a manager go on that a signal has stopped; None where that does not help."""
    silent = silent_manager(home)
    if silent is None:
        return None
    try:
        silent.resume()
    except psutil.NoSuchProcess:
        return None
    return manager(home)


def _program_of(process: psutil.Process) -> str:
    try:
        return str(process.environ().get(PROGRAM, "the process manager"))
    except psutil.Error:
        return "a process"
