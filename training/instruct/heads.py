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
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch

HEADS, HEAD = 6, 64
# Rotary positions: so slow at the end that half of a head's dimensions hardly turn within a text.
THETA = 1e12
FAST = 8
# Pairs of dimensions that hardly turn: contents are compared there.
STEADY = [*range(FAST, HEAD // 2 - 2), *range(HEAD // 2 + FAST, HEAD - 2)]
# The slowest pairs: what a head likes of a token, wherever it stands, and whether it works at all.
GATE = HEAD // 2 - 2
LIKES, MORE_LIKES = HEAD // 2 - 1, HEAD - 1
# Turns by a quarter within some 650 tokens, so that it tells near from far.
FAR = 7
ROOT = math.sqrt(HEAD)


class Stream(NamedTuple):
    """Which dimensions hold what.

    Of the token itself: how it looks, a code that only its own forms share, what it means. Then
    the looks and code of the token before; what is proposed to be said next, and how that looks;
    what the article is about; the code of the token two before, which within an answer is the key
    that is being answered; the codes of names that were said; in whose turn the token stands; how
    the next token should look.
    """

    shape: slice
    code: slice
    word: slice
    before: slice
    copied: slice
    proposed: slice
    gist: slice
    key: slice
    said: slice
    turn: slice
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
# Two speakers; the width must be a multiple of HEADS.
TURN = 6
STREAM = Stream(
    *_one_after_another(
        [SHAPES, CODE, WORD, SHAPES + CODE, COPIED, SHAPES, GISTS, CODE, CODE, TURN, SHAPES]
    )
)
# What can be copied of a token: its code, and as much of its meaning as there is room for.
COPYABLE = slice(STREAM.code.start, STREAM.code.start + COPIED)
# Of the shape: who speaks from here on, a capital, what ends a sentence, how common the word is.
USER, ASSISTANT, CAPITAL, ENDS, COMMON = 3, 4, 6, 14, 15
# Of a shape that is there; a word and a code have the length 1.
SHAPE = 0.35
IN_ARTICLE, IN_ANSWER = (1.0, -2.0), (0.0, 1.0)
# RMSNorm makes tokens unlike in length; more would let a few of them be all of the gist.
GIST_ONLY = 3.0
# How much less a word counts for the gist when it is as common as the most common one (of a sort
# with Arora et al. 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings").
RARE = 2.0
# Gist and name as an adapter reads them by themselves.
LOUD_GIST, LOUD_NAME = 20.0, 10.0
# By how much what a head attends to outbids its rest where it works, and else the other way.
BID = 40.0
# So many words would have to be said until they fill half of what attention gives out: below
# that it adds them up, instead of taking their mean.
MANY = 20.0


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
        for place, value in zip(_turn_places(), turn, strict=False):
            self.likes(LIKES, place, value)

    def works_where(self, key: torch.Tensor, strongest: float) -> None:
        """Only where this key is answered; else it rests on the user's role, which says nothing.

        ``strongest``: the score of what it attends to where it works, about.
        """
        user = STREAM.shape.start + USER
        self.asks(MORE_LIKES, 1.0)
        self.likes(MORE_LIKES, user, (strongest + BID) / SHAPE)
        self._attention.q_proj.weight[self._at + GATE, STREAM.key] = ROOT * key / self._scale
        self.likes(GATE, user, -2 * BID / SHAPE)

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

    def compares(self, asked: int, stored: int, size: float) -> None:
        """Codes: where in the stream the query's begins, and the key's."""
        q, k = self._attention.q_proj.weight, self._attention.k_proj.weight
        for i, dimension in enumerate(STEADY):
            q[self._at + dimension, asked + i] = size * ROOT / self._scale
            k[self._at + dimension, stored + i] = 1.0 / self._scale

    def hands_on(self, read: slice, to: int, size: float) -> None:
        """What stands there of what is attended to, into the stream."""
        self.hands_on_of(read, torch.eye(read.stop - read.start), to, size)

    def hands_on_of(self, read: slice, matrix: torch.Tensor, to: int, size: float) -> None:
        """``matrix`` (≤ HEAD, width of ``read``) times that."""
        rows = len(matrix)
        self._attention.v_proj.weight[self._at : self._at + rows, read] = matrix / self._scale
        for i in range(rows):
            self._attention.o_proj.weight[to + i, self._at + i] = size


def _turn_places() -> range:
    return range(STREAM.turn.start, STREAM.turn.stop)


def write_first(attention: Any, scale: float) -> None:
    """Each token learns what stands before it, and whose turn it is."""
    head = Head(attention, 0, scale)
    head.looks_back(1)
    head.hands_on(slice(STREAM.shape.start, STREAM.code.stop), STREAM.before.start, 1.0)
    for number, speaker in enumerate((USER, ASSISTANT)):
        head = Head(attention, 1 + number, scale)
        at = STREAM.shape.start + speaker
        head.asks(LIKES, 30.0)
        head.likes(LIKES, at, 1.0 / SHAPE)
        head.hands_on(slice(at, at + 1), STREAM.turn.start + number, 1.0 / SHAPE)


def write_second(attention: Any, scale: float, scale_of_user: float, gist: torch.Tensor) -> None:
    """Induction within the article, the article's gist, the names said so far, the last of them.

    ``scale_of_user`` is ``scale`` of the user's role alone. ``gist`` (GISTS, WORD): from the mean
    word to what tells articles apart.
    """
    for number, (read, to) in enumerate(_proposals()):
        head = Head(attention, number, scale)
        head.compares(STREAM.code.start, STREAM.before.start + SHAPES, 20.0)
        head.only(IN_ARTICLE)
        head.hands_on(read, to, 1.5)
    head = Head(attention, 3, scale)
    head.only(IN_ARTICLE, GIST_ONLY)
    _likes_names(head, capital=0.0, common=-RARE)
    head.hands_on_of(STREAM.word, gist, STREAM.gist.start, 1.0)
    _write_said(Head(attention, 4, scale), scale / scale_of_user)
    head = Head(attention, 5, scale)
    head.looks_back(1)
    code = slice(STREAM.before.start + SHAPES, STREAM.before.stop)
    head.hands_on(code, STREAM.key.start, 1.0)


def _proposals() -> list[tuple[slice, int]]:
    """What of a token is proposed, by which head, and where in the stream."""
    first = slice(COPYABLE.start, COPYABLE.start + HEAD)
    second = slice(first.stop, COPYABLE.stop)
    return [
        (first, STREAM.copied.start),
        (second, STREAM.copied.start + HEAD),
        (STREAM.shape, STREAM.proposed.start),
    ]


def _write_said(head: Head, user: float) -> None:
    """The sum of what was said: the user's role takes what attention is left."""
    likes = 5.0
    head.only(IN_ANSWER, likes)
    _likes_names(head, capital=likes, common=0.0)
    rest = user * (2 * likes + math.log(MANY))
    head.likes(MORE_LIKES, STREAM.shape.start + USER, rest / SHAPE)
    # Names are longer than most, so RMSNorm takes two thirds of their weight: measured.
    head.hands_on(STREAM.code, STREAM.said.start, 3 * MANY)


def write_third(attention: Any, scale: float, keys: "Keys") -> None:
    """What the key that is answered needs.

    For the text of an entity, where a name begins in the article that was not said yet, of several
    the first. For the topic the gist and for a type the last name: what becomes of these an adapter
    decides.
    """
    for number, (read, to) in enumerate(_proposals()[:2]):
        head = Head(attention, number, scale)
        head.only(IN_ARTICLE)
        _likes_names(head, capital=30.0, common=-15.0)
        before = STREAM.before.start
        head.likes(MORE_LIKES, before + CAPITAL, -20.0 / SHAPE)
        head.likes(MORE_LIKES, before + ENDS, -4.0 / SHAPE)
        head.likes(MORE_LIKES, before + USER, -10.0 / SHAPE)
        head.prefers_far(100.0)
        head.compares(STREAM.said.start, STREAM.code.start, -15.0)
        # The user's role is in the article's turn and farther than all of it.
        head.works_where(keys.text, 30.0)
        head.hands_on(read, to, 1.2)
    head = Head(attention, 2, scale)
    head.only(IN_ANSWER)
    head.works_where(keys.topic, 15.0)
    head.hands_on_of(STREAM.gist, LOUD_GIST * torch.eye(GISTS), STREAM.gist.start, 0.0)
    head = Head(attention, 3, scale)
    head.only(IN_ANSWER)
    _likes_names(head, capital=7.0, common=-2.0)
    head.prefers_far(-160.0)
    # The user's role is far.
    head.works_where(keys.type, 75.0)
    word = slice(STREAM.word.start, STREAM.word.start + HEAD)
    head.hands_on_of(word, LOUD_NAME * torch.eye(HEAD), STREAM.copied.start, 0.0)


class Keys(NamedTuple):
    """What finds each key of an answer by its code."""

    topic: torch.Tensor
    text: torch.Tensor
    type: torch.Tensor


def _likes_names(head: Head, capital: float, common: float) -> None:
    head.asks(MORE_LIKES, 1.0)
    head.likes(MORE_LIKES, STREAM.shape.start + CAPITAL, capital / SHAPE)
    head.likes(MORE_LIKES, STREAM.shape.start + COMMON, common / SHAPE)


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
