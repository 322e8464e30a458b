"""Sequences of token ids through an encoder, each once, in batches without padding to speak of."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

# Larger batches are no faster on a CPU, whose caches they leave.
BATCH_TOKENS = 512
BATCH_TOKENS_GPU = 16_384


def key_of(sequence: Sequence[int]) -> bytes:
    """16 bytes that name what the encoder reads."""
    return hashlib.blake2b(np.asarray(sequence, dtype="<i4").tobytes(), digest_size=16).digest()


def batches_by_length(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Numbers of sequences, shortest first; a batch with its padding has ``budget`` tokens or less.

    A sequence longer than the budget is a batch of its own.
    """
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[i] > budget:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def padded(sequences: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask, (batch × longest)."""
    longest = max(map(len, sequences))
    ids = np.full((len(sequences), longest), pad, dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return torch.from_numpy(ids), torch.from_numpy(mask)


def token_budget(device: Any) -> int:
    """How many tokens a batch may have on this device."""
    return BATCH_TOKENS if str(device).startswith("cpu") else BATCH_TOKENS_GPU
