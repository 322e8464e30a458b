"""The three layers of the offline decoder: what their heads do before anything is learned.

The first tells each token what stands before it and in whose turn it stands. The second finds where
the last word stood in the article and proposes what followed there (an induction head: Elhage et
al. 2021, "A Mathematical Framework for Transformer Circuits"; Olsson et al. 2022,
arXiv:2209.11895), makes the mean of the article's words, as sentence-transformers does (mean
pooling), adds up the names that were said, and finds the key that is answered. The third brings
what that key needs. An adapter then learns which proposal to follow, and when.
"""

import math
from typing import Any, NamedTuple

import torch

from training.instruct.heads import HEAD, LIKES, MORE_LIKES, Head
from training.instruct.stream import (
    ASSISTANT,
    CAPITAL,
    COMMON,
    COPYABLE,
    ENDS,
    GISTS,
    IN_ANSWER,
    IN_ARTICLE,
    SHAPE,
    SHAPES,
    STREAM,
    USER,
)

# RMSNorm makes tokens unlike in length; more would let a few of them be all of the gist.
GIST_ONLY = 3.0
# How much less a word counts for the gist when it is as common as the most common one (of a sort
# with Arora et al. 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings").
RARE = 2.0
# Gist and name as an adapter reads them by themselves.
LOUD_GIST, LOUD_NAME = 20.0, 10.0
# So many words would have to be said until they fill half of what attention gives out: below
# that it adds them up, instead of taking their mean.
MANY = 20.0


class Keys(NamedTuple):
    """What finds each key of an answer by its code."""

    topic: torch.Tensor
    text: torch.Tensor
    type: torch.Tensor


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


def write_third(attention: Any, scale: float, keys: Keys) -> None:
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


def _likes_names(head: Head, capital: float, common: float) -> None:
    head.asks(MORE_LIKES, 1.0)
    head.likes(MORE_LIKES, STREAM.shape.start + CAPITAL, capital / SHAPE)
    head.likes(MORE_LIKES, STREAM.shape.start + COMMON, common / SHAPE)
