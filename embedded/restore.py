"""`copydesk restore`: a backup into a home, checked in a folder of its own before it moves in."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from embedded.backup_reading import opened, read_manifest, unpack
from embedded.errors import ServiceError
from embedded.exchange import exchange
from embedded.home import Home, locked
from embedded.home_files import list_files
from embedded.processes import marked_processes
from embedded.room import require_room
from embedded.services import stop_locked


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was restored, and where the former content of the home is now, if there was any."""

    members: int
    made_at: str
    kept_aside: Path | None


def restore_backup(
    home: Home,
    file: Path,
    replace: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> RestoreReport:
    """Check the whole file, then put its content in the place of the home.

    Services of the home are stopped only when all was checked. Raises ServiceError, with the
    home as it was, for a file that is damaged or of another format, a home that holds data
    (without ``replace``), or a disk that is too small.
    """
    _refuse_data(home, replace)
    with opened(file) as archive, _staging(home) as staging:
        manifest = read_manifest(archive, file)
        total = sum(member.size_bytes for member in manifest.members)
        next_step = "set COPYDESK_HOME to a folder on another disk."
        require_room(staging.parent, total, "This backup needs", next_step)
        say(f"Checking {total / 1e6:.1f} MB of {manifest.made_at}")
        unpack(archive, file, manifest, staging, say)
        # An `up` that waits for one folder's lock finds the other folder, and waits for its lock.
        with locked(Home(staging)), locked(home) if home.root.exists() else nullcontext():
            # Another `up` may have filled it meanwhile.
            _refuse_data(home, replace)
            if home.root.exists() and marked_processes(home):
                say("Stopping the services of this home")
                stop_locked(home, say)
            kept = _move_in(home, staging)
            home.prepare()
    return RestoreReport(len(manifest.members), manifest.made_at, kept)


def _refuse_data(home: Home, replace: bool) -> None:
    if home.root.exists() and list_files(home) and not replace:
        raise ServiceError(
            f"{home.root} holds data already.",
            "Give --replace to put the backup in its place (what is there is kept aside), or set "
            "COPYDESK_HOME to an empty folder.",
        )


@contextmanager
def _staging(home: Home) -> Iterator[Path]:
    """A private folder beside the home, so that moving in is one step; gone if something fails."""
    parent = home.root.parent
    prefix = f"{home.root.name}.restoring-"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.glob(f"{prefix}*"):
            pid = left.name.removeprefix(prefix)
            if not pid.isdecimal() or not psutil.pid_exists(int(pid)):
                shutil.rmtree(left)
        staging = parent / f"{prefix}{os.getpid()}"
        staging.mkdir(mode=0o700)
    except OSError as error:
        raise ServiceError(
            f"The folder {parent} cannot be written ({error.strerror}).",
            "Set COPYDESK_HOME to a folder inside of one you may write to.",
        ) from error
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _move_in(home: Home, staging: Path) -> Path | None:
    """The new content in, the old one aside; both as they were where that fails."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = home.root.with_name(f"{home.root.name}.before-restore-{now}")
    try:
        if not home.root.exists():
            staging.rename(home.root)
            return None
        # Under its last name first: killed after the exchange, the old content is found there.
        staging.rename(aside)
        try:
            exchange(home.root, aside)
        except OSError:
            aside.rename(staging)
            raise
    except OSError as error:
        raise ServiceError(
            f"{home.root} cannot be replaced ({error.strerror}); it is as it was.",
            "Set COPYDESK_HOME to a folder inside of one you may write to, no mount point.",
        ) from error
    return aside
