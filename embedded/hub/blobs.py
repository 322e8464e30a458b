"""Large files: a folder of blobs named by their SHA-256, git-lfs pointers, signed addresses."""

import hashlib
import hmac
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from embedded.hub.errors import HubError

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
POINTER_MAX_BYTES = 200


@dataclass(frozen=True, slots=True)
class Pointer:
    """What git holds in place of a large file; `size` in bytes."""

    sha256: str
    size: int

    def to_bytes(self) -> bytes:
        """The pointer file of the git-lfs specification, version 1."""
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\n"
        return f"{text}size {self.size}\n".encode()


def parse_pointer(content: bytes) -> Pointer | None:
    """The pointer, or None when the bytes are an ordinary file."""
    if len(content) > POINTER_MAX_BYTES:
        return None
    match = _POINTER.fullmatch(content)
    return Pointer(match[1].decode(), int(match[2])) if match else None


def check_sha256(value: object) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise HubError(422, f"Invalid oid {value!r}: expected 64 lower-case hexadecimal digits")
    return value


@dataclass(frozen=True, slots=True)
class BlobStore:
    """Blobs under `folder/aa/bb/<sha256>`; a file is there only when it is complete.

    Uploads collect in `incoming`, on the same file system.
    """

    folder: Path
    incoming: Path

    def path(self, sha256: str) -> Path:
        check_sha256(sha256)
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def size(self, sha256: str) -> int | None:
        """Bytes of the stored blob, None when it is missing."""
        path = self.path(sha256)
        return path.stat().st_size if path.is_file() else None

    async def receive(self, sha256: str, size: int, chunks: AsyncIterator[bytes]) -> None:
        """Stores a stream; HubError 422 when size or SHA-256 differ, then nothing is kept."""
        final = self.path(sha256)
        digest, received = hashlib.sha256(), 0
        with tempfile.NamedTemporaryFile(dir=self.incoming, delete=False) as file:
            temporary = Path(file.name)
            try:
                async for chunk in chunks:
                    received += len(chunk)
                    if received > size:
                        break
                    digest.update(chunk)
                    file.write(chunk)
                if received != size or digest.hexdigest() != sha256:
                    raise HubError(422, f"Upload of {sha256} refused: size or SHA-256 differ")
                file.flush()
                await run_in_threadpool(os.fsync, file.fileno())
                final.parent.mkdir(parents=True, exist_ok=True)
                temporary.replace(final)
            finally:
                temporary.unlink(missing_ok=True)

    def add(self, chunks: Iterable[bytes], sha256: str | None) -> None:
        """Stores content that is already here; HubError 400 when it has another SHA-256."""
        digest = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=self.incoming, delete=False) as file:
            temporary = Path(file.name)
            try:
                for chunk in chunks:
                    digest.update(chunk)
                    file.write(chunk)
                if sha256 not in (None, digest.hexdigest()):
                    raise HubError(400, f"The parts of {sha256} make another file: upload again")
                file.flush()
                os.fsync(file.fileno())
                _place(temporary, self.path(digest.hexdigest()))
            finally:
                temporary.unlink(missing_ok=True)

    def write_whole(self, path: Path, content: bytes) -> None:
        """Writes a file so that it is there in full or not at all."""
        with tempfile.NamedTemporaryFile(dir=self.incoming, delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _place(Path(file.name), path)


def _place(temporary: Path, final: Path) -> None:
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(final)


@dataclass(frozen=True, slots=True)
class UploadSigner:
    """Signs upload addresses: clients send the PUT without their token."""

    secret: bytes

    def query(self, sha256: str, size: int, lifetime_seconds: int = 3600) -> str:
        expires = int(time.time()) + lifetime_seconds
        return f"size={size}&expires={expires}&signature={self._sign(sha256, size, expires)}"

    def check(self, sha256: str, size: int, expires: int, signature: str) -> None:
        """HubError 403 when the address was not signed here or is too old."""
        expected = self._sign(sha256, size, expires)
        if not hmac.compare_digest(expected, signature) or expires < time.time():
            raise HubError(403, "The upload address is invalid or expired: ask for a new one")

    def _sign(self, sha256: str, size: int, expires: int) -> str:
        message = f"{sha256}:{size}:{expires}".encode()
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()
