"""The processes of one home, told from everybody else's by a variable in their environment."""

import os
import signal
import sys
import time
from collections.abc import Sequence

import psutil

from embedded.home import Home

# Every process of a home carries this variable, so that what a killed manager left behind
# can be told from everybody else's processes.
MARKER = "COPYDESK_SERVICES_OF"
# Supervisor sets it for each program; children inherit it.
PROGRAM = "SUPERVISOR_PROCESS_NAME"
# The name of migrations and accounts, which `up` runs by itself before the programs.
ACCOUNTS = "accounts"
MEBIBYTE = 1024 * 1024


def marked_processes(home: Home, program: str | None = None) -> list[psutil.Process]:
    """Every process of this home's services but this one; of one program if it is named."""
    wanted = {MARKER: str(home.root)}
    if program is not None:
        wanted[PROGRAM] = program
    return [p for p in psutil.process_iter() if _carries(p, wanted)]


def end_processes(processes: Sequence[psutil.Process], warm_seconds: float) -> list[int]:
    """Ask the topmost of them to end, then the rest, then kill; returns the pids killed.

    A worker's children end with their jobs when only the worker is asked.
    """
    pids = {process.pid for process in processes}
    roots = [p for p in processes if _parent(p) not in pids]
    _signal(roots, signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, timeout=warm_seconds)
    _signal(alive, signal.SIGTERM)
    _, alive = psutil.wait_procs(alive, timeout=3)
    _signal(alive, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=10)
    return [process.pid for process in alive]


def family(pid: int) -> list[psutil.Process]:
    """A process and all its descendants; empty where it is gone."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def memory_mb(pid: int) -> float:
    """Memory of a process and its descendants, in MiB.

    Where the system tells it (Linux), a page shared by n processes counts 1/n in each (PSS);
    elsewhere resident memory, where shared pages count in each.
    """
    total = 0
    for process in family(pid) if pid else []:
        try:
            total += _bytes_of(process)
        except psutil.Error:
            continue
    return round(total / MEBIBYTE, 1)


def listens(pid: int, port: int) -> bool:
    """Whether a process or one of its descendants listens on a TCP port."""
    for process in family(pid) if pid else []:
        try:
            sockets = process.net_connections("tcp")
        except psutil.Error:
            continue
        if any(s.status == psutil.CONN_LISTEN and s.laddr.port == port for s in sockets):
            return True
    return False


def uptime_seconds(pid: int) -> int:
    """How long a process has been running; 0 where it is gone."""
    try:
        return int(time.time() - psutil.Process(pid).create_time())
    except psutil.Error:
        return 0


def die_with_parent(parent_pid: int) -> bool:
    """Ask the kernel for SIGTERM when the parent ends; False if it has ended already.

    Only Linux can do this; elsewhere what a killed manager left is ended by its guard.
    """
    if sys.platform == "linux":
        import ctypes

        set_death_signal = 1
        ctypes.CDLL(None, use_errno=True).prctl(set_death_signal, signal.SIGTERM)
    return os.getppid() == parent_pid


def _carries(process: psutil.Process, wanted: dict[str, str]) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        environment = process.environ()
    except (psutil.Error, OSError):
        return False
    return all(environment.get(name) == value for name, value in wanted.items())


def _bytes_of(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.AccessDenied:
        full = process.memory_info()
    return int(getattr(full, "pss", full.rss))


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


def _signal(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
