"""Texts → a tokenizer with words of their own (``train_new_from_iterator`` of transformers)."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from transformers import PreTrainedTokenizerBase

from corpus.errors import DeskError
from training.results import Progress
from training.tokenizer.base import ALPHABET

# Python hands the texts to the trainer so many at a time; it counts them in threads of its own.
BATCH = 500
LEAST = len(ALPHABET) + 44


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
            f"Give --vocabulary {LEAST} or more; 8000 suits a small desk, 30000 a large one.",
        )
    counted = _Counted(texts, on_progress)
    found: PreTrainedTokenizerBase = base.train_new_from_iterator(
        counted.batches(), vocabulary, show_progress=False, **_alphabet(base)
    )
    if not counted.texts:
        raise DeskError("There is no text to learn words from.", "Check the file and its columns.")
    return found


def _alphabet(base: PreTrainedTokenizerBase) -> dict[str, Any]:
    """All bytes, for a tokenizer that works on them: else those not seen yet would be lost."""
    works_on_bytes = set(ALPHABET) <= set(base.get_vocab())
    return {"initial_alphabet": ALPHABET} if works_on_bytes else {}


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
