"""COPYDESK_HOME: where the embedded services keep their data, secrets and logs."""

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded.errors import ServiceError

# A unix socket's path is limited to 108 bytes, whatever the length of the home's own path.
SOCKET_PATH_MAX_BYTES = 90


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one set of services; everything below it is private to its owner."""

    root: Path

    @property
    def accounts(self) -> Path:
        """Argilla's accounts with passwords and API keys, 0600."""
        return self.root / "argilla-accounts.json"

    @property
    def hub_tokens(self) -> Path:
        """Tokens of the embedded Hub, 0600."""
        return self.root / "hub-tokens.json"

    @property
    def services(self) -> Path:
        """What `up` started: ports and the names of the programs."""
        return self.root / "services.json"

    @property
    def supervisor_config(self) -> Path:
        """The process manager's configuration, 0600: it holds Argilla's secret key."""
        return self.root / "supervisord.conf"

    @property
    def supervisor_pid_file(self) -> Path:
        """The manager removes it when it ends properly; one that was killed leaves it."""
        return self.root / "supervisord.pid"

    @property
    def starts(self) -> Path:
        """When each program was started, since `up`."""
        return self.root / "starts"

    @property
    def redis_socket(self) -> Path:
        """Where Redis listens; it has no port."""
        return self.sockets / "redis.sock"

    @property
    def logs(self) -> Path:
        """Logs of the services, rotated by the process manager."""
        return self.root / "logs"

    @property
    def sockets(self) -> Path:
        """A folder for unix sockets, in the temporary folder where the home's path is long."""
        inside = self.root / "run"
        if len(bytes(inside)) <= SOCKET_PATH_MAX_BYTES - len("/supervisor.sock"):
            return inside
        name = hashlib.sha256(bytes(self.root)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"copydesk-{os.getuid()}-{name}"

    def prepare(self) -> None:
        """Make the folders, readable by their owner only."""
        try:
            folders = (self.root, self.logs, self.sockets, self.starts, self.root / "argilla")
            for folder in folders:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)
            probe = self.root / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise ServiceError(
                f"COPYDESK_HOME {self.root} cannot be written ({error.strerror}).",
                "Set COPYDESK_HOME to a folder you may write to, for example ~/copydesk.",
            ) from error

    def read_services(self) -> dict[str, Any]:
        """The recorded ports and programs; empty before the first `up`."""
        return read_json(self.services)

    def secret(self, name: str) -> str:
        """A random secret of this home, made on first use and kept."""
        file = self.root / f"{name}.secret"
        if not file.exists():
            write_private(file, secrets.token_urlsafe(32))
        return file.read_text(encoding="utf-8")


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Who changes what runs holds this: two `up` at once would start two sets of services."""
    with os.fdopen(_lock(home.root / "services.lock"), "w"):
        yield


def _lock(file: Path) -> int:
    """A descriptor that holds the lock of the folder that is there, not of one moved aside.

    While we wait, `restore` may put another folder with a lock of its own in this one's place.
    """
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if file.exists() and os.path.samestat(os.fstat(descriptor), file.stat()):
            return descriptor
        os.close(descriptor)


def default_home() -> Home:
    """COPYDESK_HOME, by default .copydesk in the current folder."""
    return Home(Path(os.environ.get("COPYDESK_HOME") or ".copydesk").resolve())


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file, or an empty one where there is no file."""
    if not file.exists():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def write_private(file: Path, text: str) -> None:
    """Write a 0600 file in one step: readers see the old text or the new one."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
    unfinished.replace(file)
