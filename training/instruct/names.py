"""Which words begin a name: what the chats' own answers teach the offline decoder beforehand."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from transformers import PreTrainedTokenizerBase

from corpus.instruct.answers import places
from corpus.instruct.pairs import Pair
from training.instruct.tokens import Chats
from training.instruct.words import Parts

# Chats that are enough to tell names from other words.
READ = 1000
READ_CHARACTERS = 1500


class Beginnings(NamedTuple):
    """Log-odds that a token begins a name: a weight for each dimension of its shape, its word, and
    the shape of the token before; and what is the same for all.
    """

    shape: torch.Tensor
    word: torch.Tensor
    shape_before: torch.Tensor
    bias: float


def name_beginnings(
    tokenizer: PreTrainedTokenizerBase, parts: Parts, chats: Chats
) -> Beginnings | None:
    """By logistic regression on the names of right answers; None where they name nothing."""
    features, begins = [], []
    for number, pair in enumerate(chats()):
        if number == READ:
            break
        # More is not read in training either, and takes gigabytes of long articles.
        short = replace(pair, text=pair.text[:READ_CHARACTERS])
        ids, names = _tokens(short, tokenizer)
        shapes = parts.shapes[ids]
        before = torch.cat([torch.zeros_like(shapes[:1]), shapes[:-1]])
        features.append(torch.cat([shapes, parts.words[ids], before], dim=1))
        begins += names
    if len(set(begins)) < 2:
        return None
    fitted = LogisticRegression(class_weight="balanced", max_iter=1000)
    fitted.fit(torch.cat(features).numpy(), np.array(begins))
    weights = torch.tensor(fitted.coef_[0], dtype=torch.float32)
    looks = parts.shapes.shape[1]
    return Beginnings(
        shape=weights[:looks],
        word=weights[looks:-looks],
        shape_before=weights[-looks:],
        bias=float(fitted.intercept_[0]),
    )


def _tokens(pair: Pair, tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[bool]]:
    """Tokens of article and instruction, and of each whether a name of the answer begins in it."""
    text = pair.prompt()[-1]["content"]
    found: Any = tokenizer(text, return_offsets_mapping=True)
    starts = set(_starts(pair, text))
    begins = []
    for first, end in found["offset_mapping"]:
        blank = len(text[first:end]) - len(text[first:end].lstrip())
        begins.append(first + blank in starts)
    return list(found["input_ids"]), begins


def _starts(pair: Pair, text: str) -> Iterator[int]:
    for name in {mention.text for mention in pair.answer.entities or ()}:
        yield from places(name, text)
