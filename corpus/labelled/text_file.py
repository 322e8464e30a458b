"""Text files read as a stream, in the encoding that a byte order mark or a flag names."""

import codecs
from pathlib import Path
from typing import TextIO

from corpus.errors import DeskError

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHER_KINDS = {b"PK\x03\x04": "a zip or Excel file", b"\x1f\x8b": "compressed", b"PAR1": "Parquet"}


def open_text(path: Path, encoding: str) -> TextIO:
    """The opened file; line ends are kept. Raises DeskError where it is no text at all."""
    with path.open("rb") as file:
        start = file.read(512)
    for sign, kind in OTHER_KINDS.items():
        if start.startswith(sign):
            raise DeskError(f"{path} is {kind}, not text.", "Name its format with --format.")
    for mark, name in MARKS.items():
        if start.startswith(mark):
            encoding = name
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise DeskError(
            f"--encoding {encoding!r} is not an encoding Python knows.",
            "Use a name such as utf-8, cp1252 or latin-1.",
        ) from error
    return path.open(encoding=encoding, newline="")


def undecodable(path: Path, encoding: str, error: UnicodeDecodeError) -> DeskError:
    """What to say of bytes that are not in the encoding; files are read in pieces of many lines."""
    line = _first_undecodable(path, encoding)
    where = "" if line is None else f" in line {line}"
    return DeskError(
        f"{path} is not {encoding}: byte 0x{error.object[error.start]:02x}{where}.",
        "Name its encoding, for example --encoding cp1252, or convert the file to UTF-8.",
    )


def _first_undecodable(path: Path, encoding: str) -> int | None:
    """None in encodings where the end of a line is no single byte."""
    if len("\n".encode(encoding)) != 1:
        return None
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return number
    return None
