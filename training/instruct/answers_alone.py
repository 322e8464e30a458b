"""What trl scores on a CPU: the tokens of answers alone, as it does on a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trl.trainer import utils as trl_utils


@contextmanager
def answers_alone() -> Iterator[None]:
    """Within, trl's trainers score no token that counts for nothing.

    On a CPU trl 1.16 scores those of the prompt too and then forgets them, since kernels of some
    accelerators want equal shapes (``add_fused_lm_head``); with the offline decoder's words that
    was two thirds of a step. Loss and gradients are the same.
    """
    within: Any = trl_utils
    asked = within._use_triton
    within._use_triton = lambda device: device.type == "cpu" or asked(device)
    try:
        yield
    finally:
        within._use_triton = asked
