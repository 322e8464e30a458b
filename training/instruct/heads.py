"""Attention heads that are written down instead of learned: what one can be told to look at."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from training.instruct.stream import CAPITAL, CODE, COMMON, SHAPE, STREAM, USER

HEADS, HEAD = 6, 96
# Rotary positions: so slow at the end that half of a head's dimensions hardly turn within a text.
THETA = 1e18
FAST = 8
# Pairs of dimensions that hardly turn: contents are compared there, of two sorts if need be.
STEADY = [*range(FAST, HEAD // 2 - 2), *range(HEAD // 2 + FAST, HEAD - 2)]
MOST, FEW = STEADY[:CODE], STEADY[CODE:]
# The slowest pairs: what a head likes of a token, wherever it stands, and whether it works at all.
GATE = HEAD // 2 - 2
LIKES, MORE_LIKES = HEAD // 2 - 1, HEAD - 1
# Turns by a quarter within some 650 tokens, so that it tells near from far.
FAR = 7
ROOT = math.sqrt(HEAD)
# By how much what a head attends to outbids its rest where it works, and else the other way.
BID = 40.0


class Scales(NamedTuple):
    """How many times larger a layer sees what the stream holds: of whose tokens."""

    article: float
    answer: float
    user: float


class Head:
    """One head of one layer, emptied: it attends to all alike and hands on nothing.

    ``scale``: how many times larger the layer sees what the stream holds (RMSNorm), of what is
    attended to; ``asking``: of what attends, where that is not the same.
    """

    def __init__(
        self, attention: Any, number: int, scale: float, asking: float | None = None
    ) -> None:
        self._attention, self._scale, self._asking = attention, scale, asking or scale
        self._at, self._handed = HEAD * number, 0
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
        for place, value in zip(_turn_places(), turn, strict=False):
            self.likes(LIKES, place, value)

    def works_where(self, shape: int, strongest: float) -> None:
        """Only for tokens of this shape; else it rests on the user's role, which says nothing.

        ``strongest``: the score of what it attends to where it works, about.
        """
        user = STREAM.shape.start + USER
        self.asks(MORE_LIKES, 1.0)
        self.likes(MORE_LIKES, user, (strongest + BID) / SHAPE)
        size = ROOT / (SHAPE * self._asking)
        self._attention.q_proj.weight[self._at + GATE, STREAM.shape.start + shape] = size
        self.likes(GATE, user, -2 * BID / SHAPE)

    def likes_names(self, capital: float, common: float) -> None:
        """Capitalised words by so much, and a word as common as the most common one by so much."""
        self.asks(MORE_LIKES, 1.0)
        self.likes(MORE_LIKES, STREAM.shape.start + CAPITAL, capital / SHAPE)
        self.likes(MORE_LIKES, STREAM.shape.start + COMMON, common / SHAPE)

    def where(self, asked: int, size: float) -> None:
        """By so much, for tokens that hold something there, what ``likes`` names along GATE."""
        self._attention.q_proj.weight[self._at + GATE, asked] += size * ROOT / self._asking

    def looks_back(self, tokens: int) -> None:
        """To the token so many before, by rotary positions alone."""
        turns = _turns()[:FAST]
        for i, turn in enumerate(turns):
            self._attention.k_proj.bias[self._at + i] = 1.0
            self.asks(i, 15 * math.cos(-tokens * turn))
            self.asks(i + HEAD // 2, 15 * math.sin(-tokens * turn))

    def prefers_far(self, size: float) -> None:
        """What stands first in the text, of things that are equal otherwise; below 0: last."""
        self._attention.k_proj.bias[self._at + FAR] = 1.0
        self.asks(FAR + HEAD // 2, -size)

    def compares(self, asked: int, stored: int, size: float, dimensions: Sequence[int]) -> None:
        """Codes: where in the stream the query's begins, and the key's; along these dimensions."""
        q, k = self._attention.q_proj.weight, self._attention.k_proj.weight
        for i, dimension in enumerate(dimensions):
            q[self._at + dimension, asked + i] = size * ROOT / self._asking
            k[self._at + dimension, stored + i] = 1.0 / self._scale

    def hands_on(self, read: slice, to: int, size: float) -> None:
        """What stands there of what is attended to, into the stream."""
        self.hands_on_of(read, torch.eye(read.stop - read.start), to, size)

    def hands_on_of(self, read: slice, matrix: torch.Tensor, to: int, size: float) -> None:
        """``matrix`` (width of ``read`` along its columns) times that; of all that a head hands on
        there are at most HEAD rows.
        """
        first, self._handed = self._at + self._handed, self._handed + len(matrix)
        self._attention.v_proj.weight[first : first + len(matrix), read] = matrix / self._scale
        for i in range(len(matrix)):
            self._attention.o_proj.weight[to + i, first + i] = size


def _turn_places() -> range:
    return range(STREAM.turn.start, STREAM.turn.stop)


def balance(attention: Any) -> None:
    """The same attention, with query as large as key, and value as what is made of it.

    An adapter moves all of them alike; a small key that a large query magnifies would be the first
    to break.
    """
    q, k, v, o = (getattr(attention, f"{name}_proj") for name in "qkvo")
    # Rotary positions turn a pair of dimensions together.
    ratio = _sizes(k).view(HEADS, 2, -1).norm(dim=1) / _sizes(q).view(HEADS, 2, -1).norm(dim=1)
    _rescale(q, k, _factors(ratio).repeat(1, 2).flatten())
    factors = _factors(o.weight.norm(dim=0) / _sizes(v))
    _rescale(v, None, factors)
    o.weight /= factors


def _sizes(part: Any) -> torch.Tensor:
    """Of each row's output: what a layer reads has a mean square of 1."""
    both = torch.cat([part.weight, part.bias[:, None]], dim=1)
    found: torch.Tensor = both.norm(dim=1)
    return found


def _factors(ratio: torch.Tensor) -> torch.Tensor:
    """1 where one of the two is empty."""
    usable = torch.isfinite(ratio) & (ratio > 0)
    return torch.where(usable, ratio, torch.ones_like(ratio)).sqrt()


def _rescale(larger: Any, smaller: Any, factors: torch.Tensor) -> None:
    larger.weight *= factors[:, None]
    larger.bias *= factors
    if smaller is not None:
        smaller.weight /= factors[:, None]
        smaller.bias /= factors


def _turns() -> Sequence[float]:
    """Radians a position of each pair of dimensions (Su et al. 2021, arXiv:2104.09864)."""
    return [THETA ** (-2 * i / HEAD) for i in range(HEAD // 2)]
