"""The format of a backup: a zip archive whose manifest lists each member with size and SHA-256.

The checksums find damage. They do not prove who wrote the file: whoever can write to it can
write the manifest too.
"""

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MANIFEST = "manifest.json"
FORMAT: Literal["copydesk-backup"] = "copydesk-backup"
FORMAT_VERSION: Literal[1] = 1
CHUNK_BYTES = 1 << 20
SQLITE_HEAD = b"SQLite format 3\0"
# Of processes, derived, or unfinished: made again by `up`, or worthless.
LEFT_OUT = (
    r"(run|logs|redis|starts|hf|embeddings)/.*",
    r"supervisord\.(conf|pid)|services\.lock",
    r"hub/(incoming|locks)/.*",
    r"argilla/(search[^/]*|preparing|before-migration\.db)",
    r"(.*/)?\.[^/]*\.\d+",
    r".*\.db-(wal|shm|journal)",
)
_LEFT_OUT = re.compile("|".join(f"(?:{pattern})" for pattern in LEFT_OUT))


class Member(BaseModel):
    """One file; its name is its path below COPYDESK_HOME."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, StringConstraints(min_length=1)]
    size_bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What a backup holds. ``made_at`` is ISO 8601 in UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal["copydesk-backup"]
    format_version: Literal[1]
    copydesk: str
    made_at: str
    left_out: tuple[str, ...]
    members: tuple[Member, ...]


def belongs(name: str) -> bool:
    """Whether a path below the home is part of a backup."""
    return _LEFT_OUT.fullmatch(name) is None


def is_safe(name: str) -> bool:
    """Whether a member's name stays below the folder it is unpacked to."""
    parts = PurePosixPath(name).parts
    clean = "/".join(parts) == name and not name.startswith("/")
    return clean and ".." not in parts and not set(name) & {"\\", "\0"}
