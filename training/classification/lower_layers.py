"""Frozen lower layers of an encoder: what they give for a text is computed once and kept.

Frozen means deterministic here (no gradient, no dropout), so a training that shows a text ten
times need not compute them ten times. Nothing of the model is replaced: inside ``remembered`` the
lower layers look up instead of computing; weights, names and checkpoints stay as they are.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

# Hidden states of 1,500 texts of 128 tokens in 384 dimensions take 300 MB. Beyond the limit texts
# are computed anew each time, which costs time and changes nothing.
MOST_BYTES = 512_000_000


def layer_stack(encoder: nn.Module) -> list[nn.Module]:
    """The layers of an encoder, lowest first; empty where it has no such list."""
    lists = [list(m) for m in encoder.modules() if isinstance(m, nn.ModuleList)]
    return lists[0] if lists else []


def freeze_lower_layers(encoder: nn.Module, layers: int) -> int:
    """Keep the lowest ``layers`` and what they start from; gives how many layers are frozen.

    The uppermost layer is never frozen, nor is a pooler. Encoders whose layers share their
    weights (ALBERT) have one layer by this count, so nothing of them is frozen.
    """
    stack = layer_stack(encoder)
    count = max(0, min(layers, len(stack) - 1))
    if count:
        trained = {p for layer in stack[count:] for p in layer.parameters()}
        for name, parameter in encoder.named_parameters():
            parameter.requires_grad_(parameter in trained or "pooler" in name)
    return count


class HiddenStates:
    """Output of the highest frozen layer by the token ids of a text, without its padding."""

    def __init__(self) -> None:
        self._known: dict[bytes, torch.Tensor] = {}
        self._bytes = 0

    def has(self, keys: list[bytes]) -> bool:
        """Whether every one of these texts is known, and there is at least one."""
        return bool(keys) and all(key in self._known for key in keys)

    def padded(self, keys: list[bytes], like: torch.Tensor) -> torch.Tensor:
        """The rows of a batch in the shape of ``like``; padding is zero, which the mask hides."""
        found = torch.zeros_like(like)
        for row, key in zip(found, keys, strict=True):
            row[: len(self._known[key])] = self._known[key]
        return found

    def keep(self, keys: list[bytes], lengths: list[int], rows: torch.Tensor) -> None:
        """What is new of a batch, as long as memory allows."""
        for key, length, row in zip(keys, lengths, rows, strict=True):
            size = length * row.shape[1] * row.element_size()
            if key not in self._known and self._bytes + size <= MOST_BYTES:
                self._known[key] = row[:length].clone()
                self._bytes += size


@contextmanager
def remembered(encoder: nn.Module, layers: int, states: HiddenStates) -> Iterator[None]:
    """Within it the lowest ``layers`` (frozen ones) compute each text once."""
    if layers == 0:
        yield
        return
    lookup = _Lookup(layers, states)
    lowest = layer_stack(encoder)[:layers]
    hook = encoder.register_forward_pre_hook(lookup.note_batch, with_kwargs=True)
    # It may be open already: a score in the middle of a training.
    outer = [layer.__dict__.get("forward") for layer in lowest]
    for place, layer in enumerate(lowest):
        # An attribute of the instance, so that submodules and their names stay.
        layer.forward = lookup.instead_of(layer, place)
    try:
        yield
    finally:
        hook.remove()
        for layer, before in zip(lowest, outer, strict=True):
            del layer.forward
            if before is not None:
                layer.forward = before


class _Lookup:
    """Stands in for the lowest layers of one encoder."""

    def __init__(self, layers: int, states: HiddenStates) -> None:
        self.layers = layers
        self.states = states
        # Of the batch that is being computed.
        self.keys: list[bytes] = []
        self.lengths: list[int] = []
        self.shape = torch.Size()

    def note_batch(self, encoder: nn.Module, args: Any, kwargs: Any) -> None:
        """Note which texts the encoder gets; without ids or mask it just computes."""
        ids = kwargs.get("input_ids", args[0] if args else None)
        mask = kwargs.get("attention_mask", args[1] if len(args) > 1 else None)
        # Dropout of the embeddings would make a text's hidden states differ each time.
        for module in encoder.modules():
            if "Embeddings" in type(module).__name__:
                module.eval()
        self.keys = []
        # Padding must be on the right, where cutting it off leaves the text.
        if ids is not None and mask is not None and bool(mask[:, 0].all()):
            self.lengths, self.shape = mask.sum(dim=1).tolist(), ids.shape
            rows = zip(ids.cpu(), self.lengths, strict=True)
            self.keys = [row[:length].numpy().tobytes() for row, length in rows]

    def instead_of(self, layer: nn.Module, place: int) -> Callable[..., Any]:
        """What a layer does instead of its own forward."""
        compute = layer.forward
        last = place == self.layers - 1

        def forward(hidden: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            if self.states.has(self.keys):
                return self.states.padded(self.keys, hidden) if last else hidden
            layer.eval()
            with torch.no_grad():
                found = compute(hidden, *args, **kwargs)
            # Encoders that pass more than hidden states on (position biases), or pack a batch
            # without its padding, are computed each time.
            if last and isinstance(found, torch.Tensor) and found.shape[:2] == self.shape:
                self.states.keep(self.keys, self.lengths, found)
            return found

        return forward
