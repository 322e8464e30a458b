"""What the stream of the offline decoder holds, and in which dimensions."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Stream(NamedTuple):
    """Which dimensions hold what.

    Of the token itself: how it looks, a code that only its own forms share, what it means. Then
    the looks and code of the token before; what is proposed to be said next, and how that looks;
    what the article is about; the code of the token two before, which within an answer is the key
    that is being answered; the codes of names that are near, and of those near the token before;
    the codes of names that were said; in whose turn the token stands; whether no name is left to
    say; how much room an answer has left; how the next token should look.
    """

    shape: slice
    code: slice
    word: slice
    before: slice
    copied: slice
    proposed: slice
    gist: slice
    key: slice
    near: slice
    near_before: slice
    said: slice
    turn: slice
    none_left: slice
    room: slice
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


SHAPES, CODE, WORD, COPIED, GISTS = 16, 48, 128, 128, 16
# Two speakers; the width must be a multiple of HEADS, so there are some to spare.
TURN = 4
STREAM = Stream(
    *_one_after_another(
        [SHAPES, CODE, WORD, SHAPES + CODE, COPIED, SHAPES, GISTS, *4 * [CODE], TURN, 1, 1, SHAPES]
    )
)
# What can be copied of a token: its code, and as much of its meaning as there is room for.
COPYABLE = slice(STREAM.code.start, STREAM.code.start + COPIED)
# The same in halves, as attention heads have room for, and where each goes.
COPY_TO = tuple(
    (slice(COPYABLE.start + at, COPYABLE.start + at + COPIED // 2), STREAM.copied.start + at)
    for at in (0, COPIED // 2)
)
# Of the shape: who speaks from here on, a blank before, a capital, a word that is joined to what
# stands before, a sign of JSON, what ends a sentence, how common the word is.
USER, ASSISTANT, BLANK, CAPITAL, JOINED, FORM, ENDS, COMMON = 3, 4, 5, 6, 10, 13, 14, 15
# Of a shape that is there; a word and a code have the length 1.
SHAPE = 0.35
IN_ARTICLE, IN_ANSWER = (1.0, -2.0), (0.0, 1.0)
