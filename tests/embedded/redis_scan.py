"""What stands in Redis, asked over its unix socket with its own protocol."""

import socket
import zlib
from pathlib import Path
from typing import Any, BinaryIO

READERS = {
    b"string": lambda key: [b"GET", key],
    b"hash": lambda key: [b"HGETALL", key],
    b"list": lambda key: [b"LRANGE", key, b"0", b"-1"],
    b"set": lambda key: [b"SMEMBERS", key],
    b"zset": lambda key: [b"ZRANGE", key, b"0", b"-1"],
    b"stream": lambda key: [b"XRANGE", key, b"-", b"+"],
}


def everything_in_redis(path: Path) -> bytes:
    """All keys and values; what RQ compressed is there decompressed, too."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        with connection.makefile("rwb") as stream:
            found: list[bytes] = []
            for key in _ask(stream, [b"KEYS", b"*"]):
                kind = _ask(stream, [b"TYPE", key])
                found += [key, *_flat(_ask(stream, READERS[kind](key)))]
    return b"\n".join(part for value in found for part in (value, _decompressed(value)))


def _ask(stream: BinaryIO, words: list[bytes]) -> Any:
    stream.write(b"*%d\r\n" % len(words))
    stream.writelines(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    stream.flush()
    return _read(stream)


def _read(stream: BinaryIO) -> Any:
    line = stream.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:]
    if kind == b"$":
        size = int(rest)
        return None if size < 0 else stream.read(size + 2)[:-2]
    if kind == b"*":
        return [_read(stream) for _ in range(int(rest))]
    assert kind in b"+:", line
    return rest


def _flat(value: Any) -> list[bytes]:
    if isinstance(value, list):
        return [item for part in value for item in _flat(part)]
    return [] if value is None else [value]


def _decompressed(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return b""
