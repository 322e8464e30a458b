"""What each token writes, in bytes: a character may be several tokens, none of which is text."""

import re
from collections import defaultdict
from typing import Any

from transformers import PreTrainedTokenizerBase

UNREADABLE = "\N{REPLACEMENT CHARACTER}"
# A byte of a character that the vocabulary lacks (byte fallback, as in Llama 2 and Gemma).
FALLBACK = re.compile(r"<0x([0-9A-F]{2})>")


def token_bytes(tokenizer: PreTrainedTokenizerBase) -> dict[bytes, list[int]]:
    """Numbers of all tokens by what they write behind another one, without special tokens."""
    found: dict[bytes, list[int]] = defaultdict(list)
    special = set(tokenizer.all_special_ids)
    numbers = [i for i in range(len(tokenizer)) if i not in special]
    pieces: Any = tokenizer.convert_ids_to_tokens(numbers)
    # Behind another token: alone, some tokenizers drop the space that a word begins with.
    (*_, anchor) = tokenizer(".", add_special_tokens=False)["input_ids"]
    before = len(str(tokenizer.decode([anchor])))
    for i, piece in zip(numbers, pieces, strict=True):
        text = str(tokenizer.decode([anchor, i]))[before:]
        written = _part_bytes(piece) if UNREADABLE in text else text.encode()
        if written:
            found[written].append(i)
    return dict(found)


def _part_bytes(piece: str) -> bytes:
    """Of a token that is no whole character, or holds a part of one."""
    fallback = FALLBACK.fullmatch(piece)
    if fallback:
        return bytes([int(fallback[1], 16)])
    if all(letter in BYTE_OF for letter in piece):
        return bytes(BYTE_OF[letter] for letter in piece)
    # A vocabulary may hold the sign of replacement itself.
    return piece.encode() if UNREADABLE in piece else b""


def _byte_letters() -> dict[str, int]:
    """Which letter stands for which byte in a byte-level BPE (GPT-2's ``bytes_to_unicode``)."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in shown]
    return {chr(b): b for b in shown} | {chr(0x100 + n): b for n, b in enumerate(others)}


BYTE_OF = _byte_letters()
