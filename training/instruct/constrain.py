"""Answers that keep their schema: only tokens may be written from which one can still end in time.

The schema's regular language is made an automaton over the tokens by outlines-core (Willard and
Louf 2023, "Efficient Guided Generation for Large Language Models", arXiv:2307.09702). That alone
does not end an answer: a model may write into a name for ever. So each state is also given its
distance from the end, and the fewer tokens are left, the shorter the ways that stay open.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from outlines_core import Index, Vocabulary
from transformers import LogitsProcessor, PreTrainedTokenizerBase

from corpus.errors import DeskError
from corpus.instruct.answers import Questions
from training.instruct.token_bytes import token_bytes

# Within a JSON string: no control characters, escapes as json.dumps writes them. Of the escapes by
# number that is control characters alone; others could be half a character, which is no text.
TEXT = r'([^"\\\x00-\x1f]|\\["\\bfnrt]|\\u00[01][0-9a-f])+'


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be written in one state: tokens, and how many more each of them needs to the end."""

    tokens: torch.Tensor
    then: torch.Tensor


class AnswerTokens:
    """All answers to a desk's questions, in tokens; made once for a tokenizer and the questions.

    ``shortest``: how many tokens an answer has at least, without the one that ends the text.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, questions: Questions) -> None:
        self._index = token_index(tokenizer, questions)
        self.first: int = self._index.get_initial_state()
        transitions = self._index.get_transitions()
        to_end = tokens_to_end(transitions, self._index.get_final_states())
        self._choices = {
            state: _choice(after, to_end)
            for state, after in transitions.items()
            if to_end.get(state)
        }
        self.shortest = to_end[self.first]

    def choice(self, state: int) -> Choice | None:
        """None where the answer is at its end."""
        return self._choices.get(state)

    def next_state(self, state: int, token: int) -> int:
        """Where a token leads that may be written."""
        found: int = self._index.get_next_state(state, token)
        return found


class KeepSchema(LogitsProcessor):
    """Forbids every token after which no answer to these questions could end in time.

    For one call of ``generate``, greedy, with prompts of any length padded on the left, and with
    the same ``max_new_tokens``, no fewer than the shortest answer has.
    """

    def __init__(self, answers: AnswerTokens, eos: int, max_new_tokens: int) -> None:
        self._answers, self._eos = answers, eos
        self._left = max_new_tokens
        self._states: list[int] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores (batch, vocabulary) with minus infinity for what is forbidden."""
        if self._states:
            self._advance(input_ids[:, -1].tolist())
        else:
            self._states = [self._answers.first] * len(input_ids)
        forbidden = torch.ones_like(scores, dtype=torch.bool)
        for row, state in enumerate(self._states):
            forbidden[row, self._allowed(state)] = False
        return scores.masked_fill(forbidden, float("-inf"))

    def _allowed(self, state: int) -> torch.Tensor:
        choice = self._answers.choice(state)
        if choice is None:
            return torch.tensor([self._eos])
        return choice.tokens[choice.then < self._left]

    def _advance(self, written: list[int]) -> None:
        self._left -= 1
        self._states = [
            # A row that is done is padded until the others are.
            state if self._answers.choice(state) is None else self._answers.next_state(state, token)
            for state, token in zip(self._states, written, strict=True)
        ]


def tokens_to_end(
    transitions: Mapping[int, Mapping[int, int]], final: Iterable[int]
) -> dict[int, int]:
    """By state, how many tokens lead at least to a final one; without states that lead to none."""
    before: dict[int, set[int]] = defaultdict(set)
    for state, after in transitions.items():
        for reached in set(after.values()):
            before[reached].add(state)
    found = dict.fromkeys(final, 0)
    edge, steps = set(found), 0
    while edge:
        steps += 1
        edge = {state for reached in edge for state in before[reached]} - found.keys()
        found |= dict.fromkeys(edge, steps)
    return found


def _choice(after: Mapping[int, int], to_end: Mapping[int, int]) -> Choice:
    kept = {token: to_end[state] for token, state in after.items() if state in to_end}
    return Choice(torch.tensor(list(kept)), torch.tensor(list(kept.values())))


def token_index(tokenizer: PreTrainedTokenizerBase, questions: Questions) -> Index:
    """Which token may follow where; DeskError where the tokenizer cannot write the answers."""
    eos: Any = tokenizer.eos_token_id
    try:
        return Index(answer_pattern(questions), Vocabulary(eos, token_bytes(tokenizer)))
    # For one, that no token leads on from somewhere.
    except ValueError as error:
        labels = dict.fromkeys("".join((*questions.topics, *questions.types)))
        lacking = [c for c in labels if not _knows(tokenizer, c)]
        reason = f"it lacks {', '.join(map(repr, lacking))}" if lacking else str(error)[-200:]
        raise DeskError(
            "With models.instructions.constrained every label must be written in tokens of the "
            f"base model, and its tokenizer cannot: {reason}.",
            "Set models.instructions.constrained=false, rename the label, or choose another "
            "models.instructions.base.",
        ) from error


def _knows(tokenizer: PreTrainedTokenizerBase, character: str) -> bool:
    ids: Any = tokenizer(character, add_special_tokens=False)["input_ids"]
    return character in str(tokenizer.decode(ids))


def answer_pattern(questions: Questions) -> str:
    """A regular expression of all answers as ``corpus.instruct.answers.to_json`` writes them."""
    parts = []
    if questions.topics:
        parts.append(f'"topic": {_one_of(questions.topics)}')
    if questions.types:
        mention = rf'\{{"text": "{TEXT}", "type": {_one_of(questions.types)}\}}'
        parts.append(rf'"entities": \[({mention}(, {mention})*)?\]')
    return rf"\{{{', '.join(parts)}\}}"


def _one_of(names: tuple[str, ...]) -> str:
    # Not re.escape: it also escapes the space, which is no escape elsewhere.
    quoted = [
        re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", json.dumps(n, ensure_ascii=False)) for n in names
    ]
    return f"({'|'.join(quoted)})"
