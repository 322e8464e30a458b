"""Answers that cannot break their schema: only tokens that keep it may be written.

The schema's regular language is made an automaton over the tokens by outlines-core (Willard and
Louf 2023, "Efficient Guided Generation for Large Language Models", arXiv:2307.09702).
"""

import json
import re
from collections import defaultdict
from typing import Any

import torch
from outlines_core import Guide, Index, Vocabulary
from transformers import LogitsProcessor, PreTrainedTokenizerBase

from corpus.instruct.answers import Questions

# Within a JSON string: no control characters, escapes as json.dumps writes them.
TEXT = r'([^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-f]{4})+'


class KeepSchema(LogitsProcessor):
    """Forbids every token after which no answer to these questions could stand.

    For one call of ``generate``, greedy, with prompts of any length padded on the left.
    """

    def __init__(self, index: Index, eos: int) -> None:
        self._index, self._eos = index, eos
        self._guides: list[Guide] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores (batch, vocabulary) with minus infinity for what is forbidden."""
        if not self._guides:
            self._guides = [Guide(self._index) for _ in range(len(input_ids))]
        else:
            self._advance(input_ids[:, -1].tolist())
        forbidden = torch.ones_like(scores, dtype=torch.bool)
        for row, guide in enumerate(self._guides):
            allowed = [self._eos] if guide.is_finished() else guide.get_tokens()
            forbidden[row, allowed] = False
        return scores.masked_fill(forbidden, float("-inf"))

    def _advance(self, written: list[int]) -> None:
        for guide, token in zip(self._guides, written, strict=True):
            # A row that is done is padded until the others are.
            if not guide.is_finished():
                guide.advance(token, return_tokens=False)


def token_index(tokenizer: PreTrainedTokenizerBase, questions: Questions) -> Index:
    """Which token may follow where; made once for a tokenizer and a desk's questions."""
    eos: Any = tokenizer.eos_token_id
    tokens: dict[str, list[int]] = defaultdict(list)
    special = set(tokenizer.all_special_ids)
    # Behind another token: alone, some tokenizers drop the space that a word begins with.
    (anchor, *_) = tokenizer(".", add_special_tokens=False)["input_ids"]
    before = len(str(tokenizer.decode([anchor])))
    for i in range(len(tokenizer)):
        text = str(tokenizer.decode([anchor, i]))[before:]
        # Half a character decodes to the sign of replacement, which would lead astray.
        if i not in special and text and "\N{REPLACEMENT CHARACTER}" not in text:
            tokens[text].append(i)
    return Index(answer_pattern(questions), Vocabulary(eos, dict(tokens)))


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
