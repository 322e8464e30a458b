"""Attention heads that are written down instead of learned: what a decoder can do before training.

Three layers. The first tells each token what stands before it and in whose turn it stands. The
second finds where the last word stood in the article and proposes what followed there (an induction
head: Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Olsson et al. 2022,
arXiv:2209.11895), and makes the mean of the article's words, as sentence-transformers does (mean
pooling), and of the names that were said. The third proposes capitalised words of the article that
were not said yet. An adapter then learns which proposal to follow, and when.

The stream that the layers read and write is divided among these messages (``Stream``).
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

HEADS, HEAD = 8, 64
# Rotary positions: so slow at the end that half of a head's dimensions hardly turn within a text.
THETA = 1e7
FAST = 14
# Pairs of dimensions that hardly turn: contents are compared there.
STEADY = [*range(FAST, HEAD // 2 - 1), *range(HEAD // 2 + FAST, HEAD - 1)]
# The slowest pair: what a head likes of a token, wherever it stands.
LIKES, MORE_LIKES = HEAD // 2 - 1, HEAD - 1
# Turns by a quarter within some 400 tokens, so that it tells near from far.
FAR = 11
ROOT = math.sqrt(HEAD)


class Stream(NamedTuple):
    """Which dimensions hold what."""

    word: slice
    shape: slice
    before: slice
    copied: slice
    gist: slice
    said: slice
    turn: slice

    @property
    def width(self) -> int:
        """All of them."""
        return int(self.turn.stop)


STREAM = Stream(
    word=slice(0, 176),
    shape=slice(176, 192),
    before=slice(192, 384),
    copied=slice(384, 512),
    gist=slice(512, 640),
    said=slice(640, 688),
    turn=slice(688, 704),
)
# Of the shape: who speaks from here on, a capital, what ends a sentence, how common the word is.
USER, ASSISTANT, CAPITAL, ENDS, COMMON = 3, 4, 6, 14, 15
SHAPES = 16
# Of a shape that is there; a word has the length 1.
SHAPE = 0.35
IN_ARTICLE, IN_ANSWER = (1.0, -2.0), (0.0, 1.0)


class Head:
    """One head of one layer, emptied: it attends to all alike and hands on nothing.

    ``scale``: how many times larger the layer sees what the stream holds (RMSNorm).
    """

    def __init__(self, attention: Any, number: int, scale: float) -> None:
        self._attention, self._scale = attention, scale
        self._at = HEAD * number
        for part in (attention.q_proj, attention.k_proj, attention.v_proj):
            part.weight[self._at : self._at + HEAD] = 0
            part.bias[self._at : self._at + HEAD] = 0

    def asks(self, dimension: int, size: float) -> None:
        """The query, the same for every token; a score is a product of query and key."""
        self._attention.q_proj.bias[self._at + dimension] = size * ROOT

    def likes(self, dimension: int, stream: int, size: float) -> None:
        """Tokens that hold something at this place of the stream, along this dimension."""
        self._attention.k_proj.weight[self._at + dimension, stream] += size / self._scale

    def only(self, turn: tuple[float, float], size: float = 15.0) -> None:
        """Tokens in this turn alone: by how much (user, assistant) speak for a token."""
        self.asks(LIKES, size)
        for place, value in zip(range(STREAM.turn.start, STREAM.turn.stop), turn, strict=False):
            self.likes(LIKES, place, value)

    def looks_back_one(self) -> None:
        """To the token before, by rotary positions alone."""
        turns = _turns()[:FAST]
        for i, turn in enumerate(turns):
            self._attention.k_proj.bias[self._at + i] = 1.0
            self.asks(i, 10 * math.cos(-turn))
            self.asks(i + HEAD // 2, 10 * math.sin(-turn))

    def prefers_far(self, size: float) -> None:
        """What stands first in the text, of things that are equal otherwise."""
        self._attention.k_proj.bias[self._at + FAR] = 1.0
        self.asks(FAR + HEAD // 2, -size)

    def compares(
        self, query: torch.Tensor, asked: slice, key: torch.Tensor, stored: slice, size: float
    ) -> None:
        """Contents: matrices (len(STEADY), width of the place in the stream)."""
        q, k = self._attention.q_proj.weight, self._attention.k_proj.weight
        for row, dimension in enumerate(STEADY):
            q[self._at + dimension, asked] = size * ROOT * query[row] / self._scale
            k[self._at + dimension, stored] = key[row] / self._scale

    def hands_on(self, read: slice, matrix: torch.Tensor, to: int, size: float) -> None:
        """``matrix`` (≤ HEAD, width of ``read``) times what is attended to, into the stream."""
        rows = len(matrix)
        self._attention.v_proj.weight[self._at : self._at + rows, read] = matrix / self._scale
        for i in range(rows):
            self._attention.o_proj.weight[to + i, self._at + i] = size


def write_first(attention: Any, scale: float) -> None:
    """Each token learns what stands before it, and whose turn it is."""
    words = STREAM.word.stop + SHAPES
    for number in range(words // HEAD):
        head = Head(attention, number, scale)
        head.looks_back_one()
        part = slice(number * HEAD, (number + 1) * HEAD)
        head.hands_on(part, torch.eye(HEAD), STREAM.before.start + part.start, 1.0)
    for number, speaker in enumerate((USER, ASSISTANT)):
        head = Head(attention, words // HEAD + number, scale)
        at = STREAM.shape.start + speaker
        head.asks(LIKES, 30.0)
        head.likes(LIKES, at, 1.0 / SHAPE)
        one = torch.zeros(1, SHAPES)
        one[0, speaker] = 1.0 / SHAPE
        head.hands_on(STREAM.shape, one, STREAM.turn.start + number, 1.0)


def write_second(attention: Any, scale: float, maps: "Maps") -> None:
    """Induction within the article, the gist of the article, and the names said so far."""
    before = slice(STREAM.before.start, STREAM.before.start + STREAM.word.stop)
    for number in range(2):
        head = Head(attention, number, scale)
        head.compares(maps.match, STREAM.word, maps.match, before, 20.0)
        head.only(IN_ARTICLE)
        part = maps.copied[number * HEAD : (number + 1) * HEAD]
        head.hands_on(STREAM.word, part, STREAM.copied.start + number * HEAD, 1.5)
    for number in range(2):
        head = Head(attention, 2 + number, scale)
        head.only(IN_ARTICLE)
        part = maps.gist[number * HEAD : (number + 1) * HEAD]
        # A mean of many vectors is short.
        head.hands_on(STREAM.word, part, STREAM.gist.start + number * HEAD, 8.0)
    head = Head(attention, 4, scale)
    head.only(IN_ANSWER)
    _likes_names(head, capital=7.0, common=-5.0)
    head.hands_on(STREAM.word, maps.said, STREAM.said.start, 3.0)


def write_third(attention: Any, scale: float, maps: "Maps") -> None:
    """Where a name begins in the article that was not said yet; of several the first."""
    rows = slice(STREAM.said.start, STREAM.said.start + len(STEADY))
    for number in range(2):
        head = Head(attention, number, scale)
        head.only(IN_ARTICLE)
        _likes_names(head, capital=8.0, common=-8.0)
        before = STREAM.before.start + STREAM.shape.start
        head.likes(MORE_LIKES, before + CAPITAL, -6.0 / SHAPE)
        head.likes(MORE_LIKES, before + ENDS, -1.0 / SHAPE)
        head.prefers_far(20.0)
        said = maps.said[: len(STEADY)]
        head.compares(torch.eye(len(STEADY)), rows, said, STREAM.word, -30.0)
        part = maps.copied[number * HEAD : (number + 1) * HEAD]
        head.hands_on(STREAM.word, part, STREAM.copied.start + number * HEAD, 0.3)


def _likes_names(head: Head, capital: float, common: float) -> None:
    head.asks(MORE_LIKES, 1.0)
    head.likes(MORE_LIKES, STREAM.shape.start + CAPITAL, capital / SHAPE)
    head.likes(MORE_LIKES, STREAM.shape.start + COMMON, common / SHAPE)


class Maps(NamedTuple):
    """Random maps with orthonormal rows that keep words apart (Johnson and Lindenstrauss 1984)."""

    match: torch.Tensor
    copied: torch.Tensor
    gist: torch.Tensor
    said: torch.Tensor


def random_maps(generator: torch.Generator) -> Maps:
    """Each (rows, width of a word)."""
    width = STREAM.word.stop

    def rows(number: int) -> torch.Tensor:
        drawn = torch.randn(width, number, generator=generator)
        turned: torch.Tensor = torch.linalg.qr(drawn)[0].T
        return turned

    copied, gist, said = (
        part.stop - part.start for part in (STREAM.copied, STREAM.gist, STREAM.said)
    )
    return Maps(rows(len(STEADY)), rows(copied), rows(gist), rows(said))


def _turns() -> Sequence[float]:
    """Radians a position of each pair of dimensions (Su et al. 2021, arXiv:2104.09864)."""
    return [THETA ** (-2 * i / HEAD) for i in range(HEAD // 2)]
