"""Xet containers: chunks packed in xorbs, and shards that say which chunks make a file.

Layouts as the `hf_xet` client writes them (xet-core, `xorb_object` and `mdb_shard`): all numbers
little-endian, all shard entries 48 bytes.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from embedded.hub.errors import HubError

_ENTRY = 48
_CHUNK_HEAD = 8
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


def parse_shard(shard: bytes) -> list[XetFile]:
    """The files a shard describes; HubError 400 when it is cut off."""
    try:
        return list(_files(shard))
    except struct.error as error:
        raise HubError(400, f"The shard cannot be read: {error}") from error


def read_chunks(xorb: bytes, first: int, last: int) -> Iterator[bytes]:
    """The unpacked chunks of a segment; HubError 400 when the xorb does not hold them."""
    position = 0
    for index in range(last):
        if position + _CHUNK_HEAD > len(xorb) or xorb[position] != 0:
            raise HubError(400, f"The xorb has no chunk {index}")
        packed = int.from_bytes(xorb[position + 1 : position + 4], "little")
        method = xorb[position + 4]
        size = int.from_bytes(xorb[position + 5 : position + 8], "little")
        position += _CHUNK_HEAD
        if index >= first:
            yield _unpack(xorb[position : position + packed], method, size)
        position += packed


def file_content(file: XetFile, read_xorb: Callable[[str], bytes]) -> Iterator[bytes]:
    """The file's bytes, chunk by chunk; one xorb is in memory at a time."""
    for segment in file.segments:
        yield from read_chunks(read_xorb(segment.xorb), segment.first, segment.last)


def hash_text(raw: bytes) -> str:
    """The text form of a Xet hash: four 64-bit words, each with its bytes reversed."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", raw))


def _files(shard: bytes) -> Iterator[XetFile]:
    position = _ENTRY
    while True:
        name, flags, count = struct.unpack_from("<32sII", shard, position)
        position += _ENTRY
        if name == _END:
            return
        segments = []
        for _ in range(count):
            entry = struct.unpack_from("<32sIIII", shard, position)
            segments.append(Segment(hash_text(entry[0]), entry[3], entry[4]))
            position += _ENTRY
        position += _ENTRY * count if flags & _WITH_VERIFICATION else 0
        sha256 = None
        if flags & _WITH_METADATA:
            sha256 = hash_text(struct.unpack_from("<32s", shard, position)[0])
            position += _ENTRY
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
