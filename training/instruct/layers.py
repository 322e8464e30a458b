"""The first two layers of the offline decoder: what their heads do before anything is learned.

The first tells each token which two stand before it, in whose turn it stands, whether its word is
new, which names are near, and how much of an answer is written. The second finds where the last two
tokens stood in the article and proposes what followed there (an induction head: Elhage et al. 2021,
"A Mathematical Framework for Transformer Circuits"; Olsson et al. 2022, arXiv:2209.11895), makes
the mean of what the article's words say of its subject (``themes``), adds up the names that were
said, and knows whether a name or a type is being written. The third (``last_layer``) brings what
is asked next. An adapter then learns which proposal to follow, and when.
"""

import math
from typing import Any

from training.instruct.heads import FEW, GATE, LIKES, MORE_LIKES, MOST, Head, Scales
from training.instruct.stream import (
    ASKS_NAME,
    ASKS_TYPE,
    ASSISTANT,
    COPY_TO,
    FORM,
    IN_ANSWER,
    IN_ARTICLE,
    JOINED,
    KIND,
    QUOTED,
    SHAPE,
    SHAPES,
    SPECIAL,
    STREAM,
    THEME,
    USER,
    WEIGHT,
)

# What followed the last token, of those places the one where also the token before it stood. The
# first token of a name, after a quotation mark, is rather no piece within a word.
LAST, LAST_BUT_ONE, NO_BEGINNING, REST = 25.0, 8.0, -6.0, 50.0
# How fast a name fades from what is near: to a third within 14 tokens.
NEAR = 30.0
# As many signs of JSON take half of the attention that the answer's beginning has without them.
FORMS, ROOM = 15.0, 2.0
# The score of what asks for a name or a type, and how fast it fades: to a third a token.
ASKED, NEAREST = 60.0, 500.0
# The score of a word for itself, by its code.
SAME = 15.0
# A word's second time is worth a sixth less of this than its first, so a twentieth of the weight.
FRESH = 18.0
# So many words would have to be said until they fill half of what attention gives out: below
# that it adds them up, instead of taking their mean. How loud each is: more would make answers so
# long that RMSNorm hides what else they hold.
MANY, LOUD_SAID = 20.0, 8.0


def write_first(attention: Any, scale: float) -> None:
    """Each token learns which two stand before it, whose turn it is, whether its word is new, which
    names are near, and how much room an answer has left.
    """
    head = Head(attention, 0, scale)
    head.looks_back(1)
    head.hands_on(slice(STREAM.shape.start, STREAM.code.stop), STREAM.before.start, 1.0)
    head = Head(attention, 1, scale)
    head.asks(LIKES, 30.0)
    for number, speaker in enumerate((USER, ASSISTANT)):
        at = STREAM.shape.start + speaker
        head.likes(LIKES, at, (1.0 + number) / SHAPE)
        head.hands_on(slice(at, at + 1), STREAM.turn.start + number, 1.0 / SHAPE)
    _write_fresh(Head(attention, 2, scale))
    head = Head(attention, 3, scale)
    head.likes_names(capital=20.0, common=0.0)
    head.prefers_far(-NEAR)
    head.hands_on(STREAM.code, STREAM.near.start, 1.0)
    _write_room(Head(attention, 4, scale))
    head = Head(attention, 5, scale)
    head.looks_back(2)
    head.hands_on(STREAM.code, STREAM.earlier.start, 1.0)


def _write_fresh(head: Head) -> None:
    """The more often the word stood here before, the less attention is left for the user's role."""
    role = STREAM.shape.start + USER
    head.compares(STREAM.code.start, STREAM.code.start, SAME, MOST)
    head.asks(LIKES, 1.0)
    head.likes(LIKES, role, SAME / SHAPE)
    head.hands_on(slice(role, role + 1), STREAM.fresh.start, 1.0 / SHAPE)


def _write_room(head: Head) -> None:
    """The more signs of JSON were written, the less attention is left for where they began."""
    role, form = STREAM.shape.start + ASSISTANT, STREAM.shape.start + FORM
    head.asks(LIKES, 1.0)
    head.likes(LIKES, role, (20.0 + math.log(FORMS)) / SHAPE)
    head.likes(LIKES, form, 20.0 / SHAPE)
    head.hands_on(slice(role, role + 1), STREAM.room.start, ROOM / SHAPE)


def write_second(attention: Any, scales: Scales) -> None:
    """Induction within the article, its gist, the names said so far, what is being written."""
    before, scale = STREAM.before.start, scales.article
    for number, (read, to) in enumerate(COPY_TO):
        head = Head(attention, number, scale)
        head.compares(STREAM.code.start, before + SHAPES, LAST, MOST)
        head.compares(before + SHAPES, STREAM.earlier.start, LAST_BUT_ONE, FEW)
        head.where(before + QUOTED, NO_BEGINNING / SHAPE)
        head.likes(GATE, before + JOINED, 1.0 / SHAPE)
        # After a type nothing is copied, though the article may say "event" too.
        head.where(STREAM.shape.start + KIND, REST / SHAPE)
        head.likes(GATE, STREAM.shape.start + USER, 2.0 / SHAPE)
        head.only(IN_ARTICLE)
        # A copied quotation mark would end a name in the midst of it.
        head.likes(LIKES, STREAM.shape.start + QUOTED, -2.0 / SHAPE)
        head.hands_on(read, to, 1.5)
        if number == 0:
            head.hands_on(STREAM.shape, STREAM.proposed.start, 1.5)
    _write_gist(Head(attention, 2, scale))
    _write_said(Head(attention, 3, scales.answer), scales.answer / scales.user)
    head = Head(attention, 4, scale)
    head.looks_back(1)
    head.hands_on(STREAM.near, STREAM.near_before.start, 1.0)
    _write_asked(Head(attention, 5, scales.answer))


def _write_asked(head: Head) -> None:
    """The nearest token that asks for a name or for a type; none is there before the first."""
    asking = slice(STREAM.shape.start + ASKS_NAME, STREAM.shape.start + ASKS_TYPE + 1)
    head.only(IN_ANSWER)
    head.asks(MORE_LIKES, 1.0)
    for place in range(asking.start, asking.stop):
        head.likes(MORE_LIKES, place, ASKED / SHAPE)
    head.prefers_far(-NEAREST)
    head.hands_on(asking, STREAM.asked.start, 1.0 / SHAPE)


def _write_gist(head: Head) -> None:
    """The mean of the article's words, each once, by how much it counts; none is new elsewhere."""
    head.asks(LIKES, 1.0)
    head.likes(LIKES, STREAM.fresh.start, FRESH)
    head.likes(LIKES, STREAM.weight.start, 1.0 / WEIGHT)
    head.likes(LIKES, STREAM.turn.start + 1, -2 * FRESH)
    # These have no code, so they are always new.
    for shape in (SPECIAL, QUOTED):
        head.likes(LIKES, STREAM.shape.start + shape, -FRESH / SHAPE)
    head.hands_on(STREAM.theme, STREAM.gist.start, 1.0 / THEME)


def _write_said(head: Head, user: float) -> None:
    """The sum of what was said: the user's role takes what attention is left."""
    likes = 5.0
    head.only(IN_ANSWER, likes)
    head.likes_names(capital=likes, common=0.0)
    rest = user * (2 * likes + math.log(MANY))
    head.likes(MORE_LIKES, STREAM.shape.start + USER, rest / SHAPE)
    head.hands_on(STREAM.code, STREAM.said.start, LOUD_SAID)
