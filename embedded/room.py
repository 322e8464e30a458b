"""Room on a disk, asked for before anything is written."""

import shutil
from pathlib import Path

from embedded.errors import ServiceError


def require_room(folder: Path, needed_bytes: int, who_needs: str, otherwise: str) -> None:
    """ServiceError unless the folder's disk has so many bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise ServiceError(
            f"{who_needs} {needed_bytes / 1e6:.0f} MB in {folder}, "
            f"and {free / 1e6:.0f} MB are free.",
            f"Free some, or {otherwise}",
        )
