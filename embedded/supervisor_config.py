"""supervisord.conf: what the process manager starts, how often, and where logs go."""

import os
import sys
from collections.abc import Sequence

from embedded.errors import ServiceError
from embedded.home import Home, write_private
from embedded.processes import MARKER
from embedded.programs import PROJECT, Program
from embedded.starts import MAX_STARTS

GUARD = "guard"
LOG_VARIABLE = "COPYDESK_LOG_MAX_BYTES"
LOG_MAX_BYTES = 5_000_000
LOG_BACKUPS = 2
# A program that ends sooner is started again after 1, 2, 3 … s.
START_SECONDS = 15


def write_config(home: Home, programs: Sequence[Program]) -> None:
    """Write supervisord.conf (0600: environments hold secrets)."""
    socket = home.sockets / "supervisor.sock"
    lines = [
        "[supervisord]",
        f"logfile={_escape(str(home.logs / 'supervisord.log'))}",
        f"logfile_maxbytes={log_max_bytes()}",
        f"logfile_backups={LOG_BACKUPS}",
        f"pidfile={_escape(str(home.supervisor_pid_file))}",
        f"childlogdir={_escape(str(home.logs))}",
        f"directory={_escape(str(PROJECT))}",
        "umask=077",
        *(["user=root"] if os.getuid() == 0 else []),
        "[unix_http_server]",
        f"file={_escape(str(socket))}",
        "chmod=0600",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        *_guard_section(home),
    ]
    for program in programs:
        lines += _program_section(home, program)
    write_private(home.supervisor_config, "\n".join(lines) + "\n")


def log_max_bytes() -> int:
    """Size at which a log is put aside, in bytes; COPYDESK_LOG_MAX_BYTES replaces 5 MB."""
    asked = os.environ.get(LOG_VARIABLE, "")
    if not asked:
        return LOG_MAX_BYTES
    if not asked.isdecimal() or int(asked) < 1:
        raise ServiceError(
            f"{LOG_VARIABLE}={asked!r} is not a number of bytes above 0.",
            f"Unset it, or for example export {LOG_VARIABLE}={LOG_MAX_BYTES}.",
        )
    return int(asked)


def _program_section(home: Home, program: Program) -> list[str]:
    launcher = [sys.executable, "-m", "embedded.launch", "--home", str(home.root)]
    launcher += ["--name", program.name, *(["--after-redis"] if program.after_redis else [])]
    group = str(program.stop_group).lower()
    return [
        *_section(home, program.name, [*launcher, "--", *program.command]),
        # Argilla's log fills lines to the width of a terminal, 80 without one.
        _environment({"COLUMNS": "200", **program.environment, MARKER: str(home.root)}),
        f"priority={program.priority}",
        f"startsecs={START_SECONDS}",
        # The launcher refuses before supervisor gives up, and says what to do.
        f"startretries={MAX_STARTS}",
        f"stopasgroup={group}",
        f"stopwaitsecs={program.stop_seconds}",
    ]


def _guard_section(home: Home) -> list[str]:
    command = [sys.executable, "-m", "embedded.guard", "--home", str(home.root)]
    return [
        *_section(home, GUARD, command),
        _environment({MARKER: str(home.root)}),
        # Stopped first: it would take the manager's proper end for a crash.
        "priority=999",
        "startsecs=1",
        f"startretries={MAX_STARTS}",
        "stopwaitsecs=5",
    ]


def _section(home: Home, name: str, command: Sequence[str]) -> list[str]:
    return [
        f"[program:{name}]",
        f"command={_escape(' '.join(_quote(part) for part in command))}",
        f"directory={_escape(str(PROJECT))}",
        "autorestart=true",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={_escape(str(home.logs / f'{name}.log'))}",
        f"stdout_logfile_maxbytes={log_max_bytes()}",
        f"stdout_logfile_backups={LOG_BACKUPS}",
    ]


def _environment(variables: dict[str, str]) -> str:
    return "environment=" + ",".join(f"{k}={_quote(_escape(v))}" for k, v in variables.items())


def _escape(value: str) -> str:
    return value.replace("%", "%%")


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
