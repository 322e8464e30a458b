"""Chats as a model can read them: no article takes another's turn, and none is too long.

Chats that do not fit are shortened, left out or refused, by the rule of the desk, and counted. All
text of articles goes through here before a model learns from it or is asked about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from transformers import PreTrainedTokenizerBase

from corpus.errors import DeskError
from corpus.instruct.answers import stands_in
from corpus.instruct.pairs import Pair
from training.instruct.generate import chat_ids, prompt_ids
from training.instruct.plain import plain_pairs

# Tokens of an article that a prompt must have room for; fewer are no sentence.
LEAST_ARTICLE = 16
Rule = Literal["shorten", "leave_out", "refuse"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The pairs that fit, in their order, and what became of the others; tokens of all chats, and
    of the longest. ``broken_up``: pairs that fit whose article held a special token.
    """

    pairs: tuple[Pair, ...]
    shortened: int
    left_out: int
    broken_up: int
    tokens: int
    longest: int


def fit_lengths(
    pairs: Sequence[Pair], tokenizer: PreTrainedTokenizerBase, longest: int, rule: Rule
) -> Fitted:
    """Every chat with at most ``longest`` tokens, its answer included, and only the roles' turns.

    A shortened article loses its end, and its answer the entities that stood there alone. Raises
    DeskError by the rule ``refuse``, and where instruction and answer alone are too long.
    """
    kept: list[Pair] = []
    shortened = left_out = broken_up = tokens = most = 0
    plain = plain_pairs(tokenizer)
    for written in pairs:
        pair = plain(written)
        is_broken = pair != written
        length = chat_tokens(pair, tokenizer)
        if length > longest:
            if rule == "refuse":
                raise DeskError(
                    f"Article {pair.id} makes a chat of {length} tokens, more than {longest}.",
                    "Raise models.instructions.max_length_tokens, or set "
                    "models.instructions.too_long to shorten or leave_out.",
                )
            if rule == "leave_out":
                left_out += 1
                continue
            pair, length = _shortened(pair, tokenizer, longest)
            shortened += 1
        kept.append(pair)
        broken_up += is_broken
        tokens += length
        most = max(most, length)
    return Fitted(tuple(kept), shortened, left_out, broken_up, tokens, most)


def chat_tokens(pair: Pair, tokenizer: PreTrainedTokenizerBase) -> int:
    """Tokens of the whole chat, as the model's template writes it."""
    return len(chat_ids(pair.messages(), tokenizer))


def shorten_prompts(
    pairs: Sequence[Pair],
    tokenizer: PreTrainedTokenizerBase,
    max_new_tokens: int,
    context: int | None,
) -> list[Pair]:
    """Prompts that leave room for an answer: too long an article loses its end, its gold stays.

    No article takes the turn of another.
    """
    plain = [*map(plain_pairs(tokenizer), pairs)]
    if context is None:
        return plain
    found = []
    for pair in plain:
        over = len(prompt_ids(pair, tokenizer)) + max_new_tokens - context
        while over > 0:
            text = _without_end(pair, tokenizer, over)
            if not text:
                raise DeskError(
                    f"The instruction of article {pair.id} and an answer of {max_new_tokens} "
                    f"tokens alone need more than the {context} that the base model reads.",
                    "Lower models.instructions.max_new_tokens, or choose a "
                    "models.instructions.base that reads more.",
                )
            pair = replace(pair, text=text)
            over = len(prompt_ids(pair, tokenizer)) + max_new_tokens - context
        found.append(pair)
    return found


def _shortened(pair: Pair, tokenizer: PreTrainedTokenizerBase, longest: int) -> tuple[Pair, int]:
    """By whole tokens from the end, until the chat fits."""
    length = chat_tokens(pair, tokenizer)
    while length > longest:
        text = _without_end(pair, tokenizer, length - longest)
        if not text:
            raise DeskError(
                f"Instruction and answer of article {pair.id} alone need more than {longest} "
                "tokens.",
                "Raise models.instructions.max_length_tokens, or choose a base model that reads "
                "more.",
            )
        pair = without_lost_names(replace(pair, text=text))
        length = chat_tokens(pair, tokenizer)
    return pair, length


def without_lost_names(pair: Pair) -> Pair:
    """Its answer without the names that its text holds no more."""
    entities = pair.answer.entities
    if entities is None:
        return pair
    kept = tuple(m for m in entities if stands_in(m.text, pair.text))
    return replace(pair, answer=replace(pair.answer, entities=kept))


def require_room(
    pairs: Sequence[Pair],
    tokenizer: PreTrainedTokenizerBase,
    max_new_tokens: int,
    context: int | None,
) -> None:
    """DeskError where prompt and answer would leave an article no room, before any training."""
    if context is None or not pairs:
        return
    # A few phrasings ask all of them.
    asked = {(p.phrasing, p.questions): replace(p, text="") for p in pairs}.values()
    prompt = max(len(prompt_ids(pair, tokenizer)) for pair in asked)
    room = context - prompt - LEAST_ARTICLE
    if max_new_tokens > room:
        raise DeskError(
            f"models.instructions.max_new_tokens is {max_new_tokens}, and of the {context} tokens "
            f"that the base model reads the prompt takes {prompt} without its article.",
            f"Set models.instructions.max_new_tokens={room} or less."
            if room > 0
            else "Choose a models.instructions.base that reads more.",
        )


def _without_end(pair: Pair, tokenizer: PreTrainedTokenizerBase, tokens: int) -> str:
    """The text without its last ``tokens``, shorter by a character at least; it may be empty."""
    found = tokenizer(pair.text, add_special_tokens=False, return_offsets_mapping=True)
    offsets = found["offset_mapping"]
    keep = len(offsets) - tokens
    # Where the first dropped token begins: several tokens can be one character's, each with its
    # offsets, and the end of the last kept one would then keep them all.
    end = min(offsets[keep][0], len(pair.text) - 1) if keep > 0 else 0
    return pair.text[:end].rstrip()
