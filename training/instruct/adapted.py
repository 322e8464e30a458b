"""Which layers of a base model an adapter changes: its config may keep the lowest ones."""

from typing import Any

# In config.json of a base; without it every layer is adapted.
FIRST_ADAPTED = "first_adapted_layer"


def adapted_layers(config: Any) -> list[int] | None:
    """Their numbers, from below; None for all of them."""
    first = getattr(config, FIRST_ADAPTED, 0)
    return list(range(first, config.num_hidden_layers)) if first else None
