"""The third layer of the offline decoder: what is needed for what is asked next.

For the text of an entity, where the next name begins in the article; for the topic the gist and for
a type the last name; and everywhere in an answer, whether a name is left. What becomes of these an
adapter decides.

Which name is next is a choice among the article's tokens by four things: how much like the
beginning of a name a token is (``names``), whether the names before it are those that were said
last, whether it was said, how early it stands; or none of them. Their weights are about those of a
conditional logit (McFadden 1974) on the names of 150 articles of the sample desk; that of what was
said is the one that ranks the ends of lists best.
"""

from typing import Any

import torch

from training.instruct.heads import FEW, HEAD, MORE_LIKES, MOST, Head, Scales
from training.instruct.names import Beginnings
from training.instruct.stream import (
    ASKS_NAME,
    ASKS_TYPE,
    ASSISTANT,
    COPY_TO,
    GISTS,
    IN_ANSWER,
    IN_ARTICLE,
    SHAPE,
    STREAM,
    USER,
)

BEGINS, FOLLOWS, SAID, FIRST, NONE_LEFT = 0.52, 13.0, 3.0, 4.5, 4.9
# Where one is copied the likeliest gets nearly all attention.
SHARP = 3.0
# The article's tokens against others. RMSNorm makes them unlike in length, so more is more noise.
TURN = 3.0
# Gist, name and their end as an adapter reads them by themselves.
LOUD_GIST, LOUD_NAME, LOUD_NONE = 20.0, 10.0, 1.5


def write_third(attention: Any, scales: Scales, names: Beginnings | None) -> None:
    """All that this layer does is for the tokens of an answer."""
    for number, (read, to) in enumerate(COPY_TO):
        head = Head(attention, number, scales.article, scales.answer)
        _looks_for_names(head, names, SHARP)
        # The user's role is in the article's turn and farther than all of it.
        head.works_where(ASKS_NAME, 30.0)
        head.hands_on(read, to, 1.2)
    head = Head(attention, 2, scales.answer)
    head.only(IN_ANSWER)
    # An answer begins with its topic.
    head.works_where(ASSISTANT, 15.0)
    head.hands_on_of(STREAM.gist, LOUD_GIST * torch.eye(GISTS), STREAM.gist.start, 0.0)
    head = Head(attention, 3, scales.answer)
    head.only(IN_ANSWER)
    head.likes_names(capital=7.0, common=-2.0)
    head.prefers_far(-120.0)
    # The user's role is far.
    head.works_where(ASKS_TYPE, 65.0)
    word = slice(STREAM.word.start, STREAM.word.start + HEAD)
    head.hands_on_of(word, LOUD_NAME * torch.eye(HEAD), STREAM.copied.start, 0.0)
    head = Head(attention, 4, scales.article, scales.answer)
    _write_none_left(head, scales.article / scales.user, names)


def _looks_for_names(head: Head, names: Beginnings | None, sharp: float) -> None:
    """In the article, after the last one that was said, not said before."""
    head.only(IN_ARTICLE, sharp * TURN)
    if names is not None:
        head.asks(MORE_LIKES, 1.0)
        for at, weights, unit in (
            (STREAM.shape.start, names.shape, SHAPE),
            (STREAM.word.start, names.word, 1.0),
            (STREAM.before.start, names.shape_before, SHAPE),
        ):
            for i, weight in enumerate(weights.tolist()):
                head.likes(MORE_LIKES, at + i, sharp * BEGINS * weight / unit)
    head.prefers_far(sharp * FIRST)
    head.compares(STREAM.said.start, STREAM.code.start, -sharp * SAID, MOST)
    near = STREAM.near_before.start
    head.compares(near, near, sharp * FOLLOWS, FEW)


def _write_none_left(head: Head, user: float, names: Beginnings | None) -> None:
    """The user's role is what is chosen where no token is like a name that is left."""
    _looks_for_names(head, names, 1.0)
    role = STREAM.shape.start + USER
    # The bias is the same for all tokens, so no head has it; here it counts.
    none = NONE_LEFT - BEGINS * (names.bias if names else 0.0)
    head.likes(MORE_LIKES, role, ((TURN + none) * user - TURN) / SHAPE)
    head.hands_on(slice(role, role + 1), STREAM.none_left.start, LOUD_NONE / SHAPE)
