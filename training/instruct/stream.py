"""What the stream of the offline decoder holds, and in which dimensions."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Stream(NamedTuple):
    """Which dimensions hold what.

    Of the token itself: how it looks, a code that only its own forms share, what it means, what it
    says of an article's subject, how much it counts there, and what makes all tokens equally long.
    Then the looks and code of the token before, and the code of the one before that; what is
    proposed to be said next, and how that looks; what the article is about; the codes of names that
    are near, and of those near the token before; the codes of names that were said; in whose turn
    the token stands; whether a name or a type is being written; whether no name is left to say; how
    much room an answer has left; whether the word is new to the article; how the next token should
    look.
    """

    shape: slice
    code: slice
    word: slice
    theme: slice
    weight: slice
    filler: slice
    before: slice
    earlier: slice
    copied: slice
    proposed: slice
    gist: slice
    near: slice
    near_before: slice
    said: slice
    turn: slice
    asked: slice
    none_left: slice
    room: slice
    fresh: slice
    wanted: slice

    @property
    def width(self) -> int:
        """All of them."""
        return int(self.wanted.stop)


def _one_after_another(sizes: Sequence[int]) -> Iterator[slice]:
    at = 0
    for size in sizes:
        yield slice(at, at + size)
        at += size


SHAPES, CODE, WORD, COPIED, GISTS = 19, 48, 128, 128, 16
# Two speakers; the width must be a multiple of HEADS, so there are some to spare.
TURN = 7
OF_ITSELF = (SHAPES, CODE, WORD, GISTS, 1, 1)
BEFORE, PROPOSED = (SHAPES + CODE, CODE), (COPIED, SHAPES)
STREAM = Stream(
    *_one_after_another(
        [*OF_ITSELF, *BEFORE, *PROPOSED, GISTS, *3 * [CODE], TURN, 2, 1, 1, 1, SHAPES]
    )
)
# What can be copied of a token: its code, and as much of its meaning as there is room for.
COPYABLE = slice(STREAM.code.start, STREAM.code.start + COPIED)
# The same in halves, as attention heads have room for, and where each goes.
COPY_TO = tuple(
    (slice(COPYABLE.start + at, COPYABLE.start + at + COPIED // 2), STREAM.copied.start + at)
    for at in (0, COPIED // 2)
)
# Of the shape: no word, who speaks from here on, a blank before, a capital, all capitals, digits,
# neither letter nor digit, joined to what stands before, a quotation mark, a line's end, a sign of
# JSON, what ends a sentence, how common it is, the name of a type; a name or a type comes next.
SPECIAL, USER, ASSISTANT, BLANK, CAPITAL, CAPITALS, DIGITS, SIGN = 0, 3, 4, 5, 6, 7, 8, 9
JOINED, QUOTED, NEWLINE, FORM, ENDS, COMMON, KIND = 10, 11, 12, 13, 14, 15, 16
ASKS_NAME, ASKS_TYPE = 17, 18
# Of a shape that is there; a word and a code have the length 1. Of a token's theme and weight.
SHAPE, THEME, WEIGHT = 0.35, 0.1, 0.1
IN_ARTICLE, IN_ANSWER = (1.0, -1.0), (0.0, 1.0)
