"""Elasticsearch's standard analyzer: Unicode's word boundaries (UAX 29), lower case.

Written for the characters of `texts.py`; Thai and Hebrew have rules of their own.
"""

import re

MARK = "\u0300-\u036f\u200d\ufe0f"
CJK = "\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
KATAKANA = "\u30a0-\u30ff"
LETTER = f"[^\\W\\d_{CJK}{KATAKANA}][{MARK}]*"
DIGIT = f"\\d[{MARK}]*"
INSIDE_LETTERS = "[:·.'’‘]"
INSIDE_DIGITS = "[,;.'’‘]"
EMOJI = (
    "[\U0001f1e6-\U0001faff\u2600-\u27bf][\u200d\ufe0f\U0001f3fb-\U0001f3ff\U0001f300-\U0001faff]*"
)
TOKEN = re.compile(
    f"_*(?:(?:{LETTER}(?:{INSIDE_LETTERS}(?={LETTER}))?"
    f"|{DIGIT}(?:{INSIDE_DIGITS}(?={DIGIT}))?|_)+)"
    f"|(?:[{KATAKANA}_][{MARK}]*)+|[{CJK}][{MARK}]*|{EMOJI}"
)


def analyze(text: str) -> list[str]:
    """The tokens of a text."""
    found = (match[0] for match in TOKEN.finditer(text))
    return [lower(token) for token in found if token.strip("_")]


def lower(text: str) -> str:
    """Java's lower case, character by character."""
    lowered = (char.lower() for char in text)
    return "".join(low if len(low) == 1 else char for char, low in zip(text, lowered, strict=True))
