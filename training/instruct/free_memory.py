"""Memory that is free here: of the machine, or of the container that a process is held in."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import torch

GIB = 1024**3
CGROUPS, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def free_gb() -> float:
    """Of the device that trains; processes that train together on one machine share its memory."""
    if torch.cuda.is_available():
        return torch.cuda.mem_get_info()[0] / GIB
    free = min(float(psutil.virtual_memory().available), *container_free())
    return free / GIB / int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def container_free(cgroups: Path = CGROUPS, own: Path = OWN) -> list[float]:
    """Bytes that each limit still leaves, of this process's group and those it is in.

    Of cgroup v2 and v1; infinite where there is none. The kernel counts files that were read, and
    gives those back.
    """
    found = [float("inf")]
    for folder, names, cache in _groups(cgroups, own):
        limit, used = (_number(folder / name) for name in names)
        if limit is not None and used is not None:
            found.append(max(0.0, limit - used + _cached(folder / "memory.stat", cache)))
    return found


def _groups(cgroups: Path, own: Path) -> Iterator[tuple[Path, tuple[str, str], str]]:
    """Folders from the process's own up to the top, with the names of their files."""
    lines = own.read_text(encoding="utf-8").splitlines() if own.is_file() else []
    inside = {parts[1]: parts[2] for parts in (line.split(":", 2) for line in lines)}
    v1 = ("memory.limit_in_bytes", "memory.usage_in_bytes")
    for top, controller, names, cache in (
        (cgroups, "", ("memory.max", "memory.current"), "inactive_file"),
        (cgroups / "memory", "memory", v1, "total_inactive_file"),
    ):
        folder = top / inside.get(controller, "/").lstrip("/")
        for group in (folder, *folder.parents):
            if group == top or top in group.parents:
                yield group, names, cache


def _number(file: Path) -> int | None:
    """None where there is no such file, or it says "max"."""
    try:
        return int(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _cached(file: Path, name: str) -> int:
    try:
        rows = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return 0
    return next((int(row[1]) for row in rows if len(row) == 2 and row[0] == name), 0)
