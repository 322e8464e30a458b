"""Xet containers: chunks packed in xorbs, and shards that say which chunks make a file.

Layouts as the `hf_xet` client writes them (xet-core, `xorb_object` and `mdb_shard`): all numbers
little-endian, all shard entries 48 bytes.
"""

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from embedded.hub.errors import HubError

_ENTRY = 48
_CHUNK_HEAD = 8
# The greatest chunk of the protocol, unpacked.
CHUNK_MAX_BYTES = 128 * 1024
_END = b"\xff" * 32
_WITH_VERIFICATION, _WITH_METADATA = 1 << 31, 1 << 30
_STORED, _LZ4, _GROUPED_LZ4 = range(3)


@dataclass(frozen=True, slots=True)
class Segment:
    """Chunks `first` to `last` (not included) of one xorb."""

    xorb: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class XetFile:
    """A file as its segments; `sha256` is what the client says, None when it does not."""

    segments: tuple[Segment, ...]
    sha256: str | None


def parse_shard(shard: IO[bytes]) -> Iterator[XetFile]:
    """The files a shard describes, one by one; HubError 400 when it is cut off."""
    try:
        yield from _files(shard)
    except struct.error as error:
        raise HubError(400, f"The shard cannot be read: {error}") from error


def read_chunks(xorb: IO[bytes], first: int, last: int) -> Iterator[bytes]:
    """The unpacked chunks of a segment; HubError 400 when the xorb does not hold them."""
    for index in range(last):
        head = xorb.read(_CHUNK_HEAD)
        if len(head) < _CHUNK_HEAD or head[0] != 0:
            raise HubError(400, f"The xorb has no chunk {index}")
        packed, method = int.from_bytes(head[1:4], "little"), head[4]
        size = int.from_bytes(head[5:8], "little")
        if size > CHUNK_MAX_BYTES:
            raise HubError(400, f"Chunk {index} has {size} bytes: at most {CHUNK_MAX_BYTES}")
        if index < first:
            xorb.seek(packed, os.SEEK_CUR)
        else:
            yield _unpack(xorb.read(packed), method, size)


def file_content(file: XetFile, open_xorb: Callable[[str], IO[bytes]]) -> Iterator[bytes]:
    """The file's bytes, chunk by chunk; one chunk is in memory at a time."""
    for segment in file.segments:
        with open_xorb(segment.xorb) as xorb:
            yield from read_chunks(xorb, segment.first, segment.last)


def hash_text(raw: bytes) -> str:
    """The text form of a Xet hash: four 64-bit words, each with its bytes reversed."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", raw))


def _files(shard: IO[bytes]) -> Iterator[XetFile]:
    shard.seek(_ENTRY)
    while True:
        name, flags, count = struct.unpack("<32sII8x", shard.read(_ENTRY))
        if name == _END:
            return
        segments = []
        for _ in range(count):
            xorb, _, _, first, last = struct.unpack("<32sIIII", shard.read(_ENTRY))
            segments.append(Segment(hash_text(xorb), first, last))
        shard.seek(_ENTRY * count if flags & _WITH_VERIFICATION else 0, os.SEEK_CUR)
        sha256 = None
        if flags & _WITH_METADATA:
            sha256 = hash_text(struct.unpack("<32s16x", shard.read(_ENTRY))[0])
        yield XetFile(tuple(segments), sha256)


def _unpack(data: bytes, method: int, size: int) -> bytes:
    if method == _STORED:
        return data
    if method not in (_LZ4, _GROUPED_LZ4):
        raise HubError(400, f"Chunks packed by method {method} are not understood")
    # Loaded on first use: it takes longer than the rest of the server together.
    from pyarrow import decompress

    try:
        unpacked: bytes = decompress(data, decompressed_size=size, codec="lz4", asbytes=True)
    except (OSError, ValueError) as error:
        raise HubError(400, f"A chunk cannot be unpacked: {error}") from error
    return unpacked if method == _LZ4 else _ungroup(unpacked)


def _ungroup(data: bytes) -> bytes:
    """Undoes the grouping by position modulo four, which makes numbers pack better."""
    whole, position = bytearray(len(data)), 0
    for lane in range(4):
        count = len(range(lane, len(data), 4))
        whole[lane::4] = data[position : position + count]
        position += count
    return bytes(whole)
