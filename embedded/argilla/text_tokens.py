"""Words of a text, as stock Argilla's analyzer cuts them.

Elasticsearch's ``standard`` analyzer follows the word boundaries of Unicode (UAX #29) and lowers
case: https://www.elastic.co/docs/reference/text-analysis/analysis-standard-analyzer
"don't", "example.com" and "1,000" are one word each; a Chinese or Japanese character is one; so is
an emoji.
"""

import re
from functools import cache
from itertools import pairwise

import regex

MAX_LENGTH = 255
# FTS5 gets words that are cut already, joined by spaces; these may stand inside one.
TOKENIZER = "ascii tokenchars '_.:,;'''"
# Up to here a class of characters is a table; the ranges above it are tried one by one.
LAST_OF_TABLE = 0xFFFF
# Above it stand rare Chinese characters and nothing that is spelled.
LAST_SPELLED = 0x1FFFF


@cache
def _word(last: int) -> re.Pattern[str]:
    """Finds words in text up to a code point: Python's own engine on tables of `regex`, which is
    several times as fast as asking for a property at each character.
    """

    def ranges(characters: str) -> str:
        return _members(characters, last)

    letter = ranges(r"[\p{WB=ALetter}\p{WB=Hebrew_Letter}]")
    digit = ranges(r"\p{WB=Numeric}")
    line = ranges(r"\p{WB=ExtendNumLet}")
    after = ranges(r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]")
    between_letters = ranges(r"[\p{WB=MidLetter}\p{WB=MidNumLet}\p{WB=Single_Quote}]")
    between_digits = ranges(r"[\p{WB=MidNum}\p{WB=MidNumLet}\p{WB=Single_Quote}]")
    katakana = ranges(r"\p{WB=Katakana}")
    single = ranges(r"[\p{Ideographic}\p{Script=Hiragana}]") + "\U00020000-\U0003ffff"
    picture = ranges(r"\p{Extended_Pictographic}")
    flag = ranges(r"\p{Regional_Indicator}")
    unspaced = ranges(r"\p{LB=SA}")
    run = rf"[{letter}{digit}{line}{after}]"
    return re.compile(
        rf"[{letter}{digit}{line}]{run}*"
        rf"(?:(?:(?<=[{letter}{after}])[{between_letters}](?=[{letter}])"
        rf"|(?<=[{digit}{after}])[{between_digits}](?=[{digit}])){run}+)*"
        rf"|[{katakana}][{katakana}{line}{after}]*"
        rf"|[{single}][{after}]*"
        rf"|[{unspaced}][{unspaced}{after}]*"
        rf"|[{picture}][{after}]*(?:(?<=\u200d)[{picture}][{after}]*)*"
        rf"|[{flag}][{after}]*[{flag}][{after}]*"
    )


def words(text: str) -> list[str]:
    """The words of a text in their order, lower case."""
    text = text.lower()
    last = LAST_OF_TABLE if max(text, default="") <= chr(LAST_OF_TABLE) else LAST_SPELLED
    found = _word(last).findall(text)
    if not any(len(word) > MAX_LENGTH or word[0] == "_" for word in found):
        return found
    return [
        word[start : start + MAX_LENGTH]
        for word in found
        if word.strip("_")
        for start in range(0, len(word), MAX_LENGTH)
    ]


def _members(characters: str, last: int) -> str:
    """The members of a character class of `regex`, as ranges for `re`."""
    everything = "".join(map(chr, (*range(0xD800), *range(0xE000, last + 1))))
    # One that is not there stands for a class that is empty: `re` has no empty class.
    members = [ord(c) for c in regex.findall(characters, everything)] or [LAST_SPELLED]
    starts = [members[0], *(b for a, b in pairwise(members) if b != a + 1)]
    ends = [*(a for a, b in pairwise(members) if b != a + 1), members[-1]]
    return "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in zip(starts, ends, strict=True))
