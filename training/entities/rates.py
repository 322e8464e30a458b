"""Learning rates by layer: what an encoder knows of single words stands in its lower layers."""

import re
from typing import Any

from torch import nn

# The number in bert.encoder.layer.3.output.dense.weight, transformer.h.3.…, layers.3.…
LAYER = re.compile(r"\.(\d+)\.")
# Shapes of words begin at nothing and have little time.
SHAPES_TIMES = 10.0


def groups_by_layer(model: nn.Module, rate: float, decay: float) -> list[dict[str, Any]]:
    """Parameter groups of an optimizer: the head and the last layer learn at ``rate``.

    Each layer further down learns ``decay`` times as fast; embeddings stand below them all.
    """
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    last = max((int(found[1]) for name, _ in trained if (found := LAYER.search(name))), default=0)
    by_rate: dict[float, list[nn.Parameter]] = {}
    for name, parameter in trained:
        factor = decay ** (last - _layer(name, last))
        if name.endswith(".shapes"):
            factor = SHAPES_TIMES
        by_rate.setdefault(rate * factor, []).append(parameter)
    return [{"params": part, "lr": value} for value, part in by_rate.items()]


def _layer(name: str, last: int) -> int:
    """The layer's number; -1 for embeddings, the last for what is outside, as the head is."""
    found = LAYER.search(name)
    if found is not None:
        return int(found[1])
    return -1 if "embeddings" in name else last
