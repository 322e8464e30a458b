"""Texts → a tokenizer with words of their own (``train_new_from_iterator`` of transformers)."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from transformers import PreTrainedTokenizerBase

from corpus.errors import DeskError
from training.results import Progress

# Python hands the texts to the trainer so many at a time; it counts them in threads of its own.
BATCH = 500
# 256 bytes and some special tokens.
LEAST = 300
# Tokens of a WordPiece vocabulary that may not be single characters.
SPECIAL = 100
WORDPIECE = "WordPiece"


def train_tokenizer(
    texts: Iterable[str],
    base: PreTrainedTokenizerBase,
    vocabulary: int,
    on_progress: Progress | None = None,
) -> PreTrainedTokenizerBase:
    """A tokenizer like ``base`` with at most ``vocabulary`` tokens; texts are read as a stream.

    Of few texts it has fewer: no more than they hold. Raises DeskError below 300 tokens, which
    single bytes and special tokens use up, and where there is no text.
    """
    if vocabulary < LEAST:
        raise DeskError(
            f"A vocabulary of {vocabulary} tokens holds no words: single bytes and special tokens "
            f"alone are nearly {LEAST}.",
            f"Ask for {LEAST} or more (--vocabulary, models.tokenizer.vocabulary of a desk); 8000 "
            "suits a small desk, 30000 a large one.",
        )
    counted = _Counted(texts, on_progress)
    found: PreTrainedTokenizerBase = base.train_new_from_iterator(
        counted.batches(), vocabulary, show_progress=False, **_limits(base, vocabulary)
    )
    if not counted.texts:
        raise DeskError(
            "There is no text to learn words from.",
            "Check the file and its columns (one text in ten is kept back to compare on), or pull "
            "reviewed articles of the desk.",
        )
    return found


def _limits(base: PreTrainedTokenizerBase, vocabulary: int) -> dict[str, Any]:
    """WordPiece has each character twice, at the start of a word and within; the rarest go."""
    return {"limit_alphabet": (vocabulary - SPECIAL) // 2} if model_type(base) == WORDPIECE else {}


def model_type(tokenizer: PreTrainedTokenizerBase) -> str:
    """How it finds its tokens: WordPiece, BPE, Unigram or WordLevel."""
    return str(json.loads(tokenizer.backend_tokenizer.to_str())["model"]["type"])


class _Counted:
    """Batches of texts, with the number of those that went through."""

    def __init__(self, texts: Iterable[str], on_progress: Progress | None) -> None:
        self._given = iter(texts)
        self._on_progress = on_progress
        self.texts = 0

    def batches(self) -> Iterator[list[str]]:
        """BATCH texts each, the last one of fewer."""
        while batch := list(islice(self._given, BATCH)):
            self.texts += len(batch)
            if self._on_progress is not None:
                self._on_progress(self.texts, 0)
            yield batch
