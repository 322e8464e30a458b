"""A temporary folder of the process's own, which somebody removes.

argilla-server 2.8.0 copies its web pages (14 MB) to a temporary folder in every process that
imports it, also in a worker or a command, and leaves them there.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "COPYDESK_SCRATCH"


def use() -> None:
    """Temporary files go below COPYDESK_SCRATCH; those of processes that ended are removed."""
    if not os.environ.get(VARIABLE):
        return
    root = Path(os.environ[VARIABLE])
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in root.iterdir():
        if folder.name.isdigit() and not _runs(int(folder.name)):
            shutil.rmtree(folder, ignore_errors=True)
    pid = os.getpid()
    own = root / str(pid)
    own.mkdir(mode=0o700, exist_ok=True)
    tempfile.tempdir = str(own)
    atexit.register(_remove, own, pid)


def make_private() -> None:
    """Copies keep the mode of what was copied; call this after the import."""
    if not os.environ.get(VARIABLE):
        return
    for folder, folders, files in os.walk(tempfile.gettempdir()):
        for name in folders:
            Path(folder, name).chmod(0o700)
        for name in files:
            Path(folder, name).chmod(0o600)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(own: Path, pid: int) -> None:
    # A worker's jobs are forks: they inherit this, and must leave the folder alone.
    if os.getpid() == pid:
        shutil.rmtree(own, ignore_errors=True)
