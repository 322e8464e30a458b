"""Two folders in each other's place."""

import ctypes
import errno
import os
import sys
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2
SWAP = ".swap"
# Of a kernel, a C library or a file system that cannot.
UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def exchange(one: Path, other: Path) -> None:
    """Swap two folders of one file system, in one step where the system can (Linux).

    Elsewhere a kill in the middle leaves the first one's content at ``other`` with SWAP added.
    Raises OSError, with both as they were.
    """
    if _exchange_at_once(one, other):
        return
    kept = other.with_name(f"{other.name}{SWAP}")
    one.rename(kept)
    try:
        other.rename(one)
    except OSError:
        kept.rename(one)
        raise
    kept.rename(other)


def _exchange_at_once(one: Path, other: Path) -> bool:
    """Whether the system could do it; OSError where it could and failed."""
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform != "linux" or not hasattr(libc, "renameat2"):
        return False
    names = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))
