"""Nothing below a home is for other users of the machine."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from embedded.errors import ServiceError

OTHERS = 0o077


def make_private(root: Path) -> int:
    """Take every permission of group and others away; returns how many files that changed.

    Links are left alone: they may lead out of the home.
    """
    return sum(_narrow(path) for path in _everything(root))


def _everything(root: Path) -> Iterator[Path]:
    yield root
    for folder, folders, files in os.walk(root):
        yield from (Path(folder, name) for name in (*folders, *files))


def _narrow(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & OTHERS:
            return False
        path.chmod(stat.S_IMODE(mode) & ~OTHERS)
    except FileNotFoundError:
        # Logs are rotated and jobs end while this walks.
        return False
    except PermissionError as error:
        raise ServiceError(
            f"{path} belongs to another user, who can read it.",
            f"Run as root: chown -R {os.getuid()} {path.parent}",
        ) from error
    return True
