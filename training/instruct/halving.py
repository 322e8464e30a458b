"""Batches that memory does not hold are asked in halves, down to one by one."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from training.instruct.budget import is_memory_error

log = logging.getLogger("training.instruct.halving")
T = TypeVar("T")


def in_halves(batch: Sequence[int], ask: Callable[[Sequence[int]], list[T]]) -> list[T]:
    """What ``ask`` gives for each of the batch, in its order; of one alone its error is raised.

    Rows of a batch do not see each other, so halves give what the whole would have given.
    """
    try:
        return ask(batch)
    except (MemoryError, RuntimeError) as error:
        if len(batch) == 1 or not is_memory_error(error):
            raise
    # Outside of the handler, whose traceback holds on to what was computed so far.
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    half = len(batch) // 2
    log.warning("memory did not suffice for %d at once: trying %d", len(batch), half)
    return in_halves(batch[:half], ask) + in_halves(batch[half:], ask)
