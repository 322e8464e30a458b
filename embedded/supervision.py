"""The process manager: supervisor (supervisord.org) starts, restarts and ends the programs."""

import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Sequence
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from embedded.errors import ServiceError
from embedded.home import Home, write_private
from embedded.programs import PROJECT, Program

# Every process of a home carries this variable, so that what a killed manager left behind
# can be told from everybody else's processes.
MARKER = "COPYDESK_SERVICES_OF"
STOP_SECONDS = 30


def write_config(home: Home, programs: Sequence[Program]) -> None:
    """Write supervisord.conf (0600: environments hold secrets)."""
    socket = home.sockets / "supervisor.sock"
    lines = [
        "[supervisord]",
        # Logs, databases and dumps of all programs: for their owner only.
        "umask=077",
        f"logfile={_escape(str(home.logs / 'supervisord.log'))}",
        "logfile_maxbytes=5MB",
        "logfile_backups=2",
        f"pidfile={_escape(str(home.root / 'supervisord.pid'))}",
        f"childlogdir={_escape(str(home.logs))}",
        f"directory={_escape(str(PROJECT))}",
        *(["user=root"] if os.getuid() == 0 else []),
        "[unix_http_server]",
        f"file={_escape(str(socket))}",
        "chmod=0600",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for program in programs:
        lines += _program_section(home, program)
    write_private(home.supervisor_config, "\n".join(lines) + "\n")


def start_manager(home: Home) -> None:
    """Start supervisord in the background."""
    environment = {**os.environ, MARKER: str(home.root)}
    started = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(home.supervisor_config)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
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
    """The running manager's XML-RPC interface, or None where none runs."""
    socket = home.sockets / "supervisor.sock"
    proxy = xmlrpc.client.ServerProxy(
        "http://127.0.0.1", transport=SupervisorTransport(None, None, f"unix://{socket}")
    )
    try:
        proxy.supervisor.getState()
    except (OSError, xmlrpc.client.Error):
        return None
    return proxy.supervisor


def process_states(home: Home) -> dict[str, dict[str, Any]]:
    """Program name → supervisor's process info; empty where nothing runs."""
    supervisor = manager(home)
    if supervisor is None:
        return {}
    return {info["name"]: info for info in supervisor.getAllProcessInfo()}


def stop_manager(home: Home) -> bool:
    """Shut down what runs and wait for its end; returns whether anything ran."""
    supervisor = manager(home)
    if supervisor is not None:
        supervisor.shutdown()
    processes = marked_processes(home)
    _, alive = psutil.wait_procs(processes, timeout=STOP_SECONDS if supervisor else 0.1)
    for process in alive:
        process.terminate()
    _, alive = psutil.wait_procs(alive, timeout=10)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=10)
    return supervisor is not None or bool(processes)


def marked_processes(home: Home) -> list[psutil.Process]:
    """Every process that belongs to this home's services, also orphans of a killed manager."""
    return [p for p in psutil.process_iter() if _marker(p) == str(home.root)]


def wait_for_states(home: Home, names: Sequence[str], timeout_seconds: float) -> None:
    """Wait until supervisor calls all of these RUNNING; say which one does not get there."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        states = process_states(home)
        if all(states.get(name, {}).get("statename") == "RUNNING" for name in names):
            return
        fatal = [n for n in names if states.get(n, {}).get("statename") == "FATAL"]
        if fatal:
            raise ServiceError(
                f"{fatal[0]} cannot be started: {_last_line(home, fatal[0])}",
                f"Read {home.logs / f'{fatal[0]}.log'}.",
            )
        time.sleep(0.2)
    raise ServiceError(
        f"{', '.join(names)}: not running after {timeout_seconds:.0f} s.",
        f"Read the logs in {home.logs}.",
    )


def _marker(process: psutil.Process) -> str:
    if process.pid == os.getpid():
        return ""
    try:
        return str(process.environ().get(MARKER, ""))
    except (psutil.Error, OSError):
        return ""


def _last_line(home: Home, name: str) -> str:
    log = home.logs / f"{name}.log"
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it wrote no log"


def _program_section(home: Home, program: Program) -> list[str]:
    environment = {**program.environment, MARKER: str(home.root)}
    command = " ".join(_quote(part) for part in program.command)
    return [
        f"[program:{program.name}]",
        f"command={_escape(command)}",
        f"priority={program.priority}",
        f"directory={_escape(str(PROJECT))}",
        "environment=" + ",".join(f"{k}={_quote(_escape(v))}" for k, v in environment.items()),
        "autorestart=true",
        "startsecs=1",
        "startretries=5",
        "stopasgroup=true",
        "killasgroup=true",
        "stopwaitsecs=15",
        "redirect_stderr=true",
        f"stdout_logfile={_escape(str(home.logs / f'{program.name}.log'))}",
        "stdout_logfile_maxbytes=5MB",
        "stdout_logfile_backups=2",
    ]


def _escape(value: str) -> str:
    return value.replace("%", "%%")


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
