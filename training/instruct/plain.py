"""Article text that only reads: what a tokenizer would take for the turn of another is broken up.

A chat is tokenised as one string, so ``<|assistant|>`` in an article would be the token that gives
the model its turn. With a blank after its first character, ``< |assistant|>``, it is text as any.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from transformers import PreTrainedTokenizerBase

from corpus.errors import DeskError
from corpus.instruct.answers import Answer, Questions
from corpus.instruct.pairs import Pair


def require_plain_labels(tokenizer: PreTrainedTokenizerBase, questions: Questions) -> None:
    """DeskError for a label that holds a special token: broken up, it would be another label."""
    for label in (*questions.topics, *questions.types):
        held = sorted(token for token in _special(tokenizer) if token in label)
        if held:
            raise DeskError(
                f"Label {label!r} holds {held[-1]!r}, which the base model takes for the turn of "
                "another instead of text.",
                "Rename it under labels of the desk, or name another base as "
                "models.instructions.base.",
            )


def plain_pairs(tokenizer: PreTrainedTokenizerBase) -> Callable[[Pair], Pair]:
    """Gives a pair whose article holds no special token, and whose answer still copies from it."""
    tokens = _special(tokenizer)
    if not tokens:
        return lambda pair: pair
    # The longest first: one may begin like another.
    pattern = re.compile("|".join(map(re.escape, sorted(tokens, key=len, reverse=True))))

    def plain(text: str) -> str:
        # Broken up, it may still end with a shorter one.
        while pattern.search(text):
            text = pattern.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
        return text

    def plain_answer(answer: Answer) -> Answer:
        if answer.entities is None:
            return answer
        return replace(
            answer, entities=tuple(replace(m, text=plain(m.text)) for m in answer.entities)
        )

    return lambda pair: replace(pair, text=plain(pair.text), answer=plain_answer(pair.answer))


def _special(tokenizer: Any) -> set[str]:
    """All that are marked as special, and those of the template, which some models do not mark.

    One of a single character cannot be broken up.
    """
    added = tokenizer.added_tokens_decoder.values()
    template = str(tokenizer.chat_template)
    marked = {token.content for token in added if token.special}
    # A word that stands there by chance is left alone.
    named = {t.content for t in added if t.content in template and not t.content.strip().isalnum()}
    found: set[str] = {*tokenizer.all_special_tokens, *marked, *named}
    # Some add runs of blanks, which mean nothing, and templates are full of them.
    return {token for token in found if len(token.strip()) > 1}
