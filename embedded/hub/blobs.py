"""Large files: a folder of blobs named by their SHA-256, git-lfs pointers, signed addresses."""

import hashlib
import hmac
import re
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from embedded.hub.durable import place, scratch
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
        digest, received = hashlib.sha256(), 0
        with scratch(self.incoming) as file:
            async for chunk in chunks:
                received += len(chunk)
                digest.update(chunk)
                file.write(chunk)
            if received != size or digest.hexdigest() != sha256:
                raise HubError(422, f"Upload of {sha256} refused: size or SHA-256 differ")
            await run_in_threadpool(place, file, self.path(sha256))

    async def receive_as(self, final: Path, chunks: AsyncIterator[bytes]) -> None:
        """Stores a stream under a name that does not come from its content."""
        with scratch(self.incoming) as file:
            async for chunk in chunks:
                file.write(chunk)
            await run_in_threadpool(place, file, final)

    def add(self, chunks: Iterable[bytes], sha256: str | None) -> None:
        """Stores content that is already here; HubError 400 when it has another SHA-256."""
        digest = hashlib.sha256()
        with scratch(self.incoming) as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
            if sha256 not in (None, digest.hexdigest()):
                raise HubError(400, f"The parts of {sha256} make another file: upload again")
            place(file, self.path(digest.hexdigest()))


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs what clients send back without their token: upload addresses, tokens for Xet."""

    secret: bytes = field(repr=False)

    def sign(self, what: str, lifetime_seconds: int = 3600) -> tuple[int, str]:
        """When it expires (seconds since 1970) and the signature."""
        expires = int(time.time()) + lifetime_seconds
        return expires, self._signature(what, expires)

    def check(self, what: str, expires: int, signature: str) -> None:
        """HubError 403 when this was not signed here or is too old."""
        expected = self._signature(what, expires)
        # As bytes: text with other than ASCII characters cannot be compared.
        same = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
        if not same or expires < time.time():
            raise HubError(403, "The signature is invalid or expired: ask for a new one")

    def _signature(self, what: str, expires: int) -> str:
        return hmac.new(self.secret, f"{what}:{expires}".encode(), hashlib.sha256).hexdigest()
