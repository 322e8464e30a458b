"""An estimate of the memory that a training takes, from the shape of its model."""

from dataclasses import dataclass
from typing import Any

import torch

GIB = 1024**3
FULL_PRECISION = 4
# trl's loss makes scores of so many tokens for so many entries of the vocabulary at a time.
TILE_TOKENS, TILE_ENTRIES = 4096, 32768
# Adapter weights, their gradients, and two moments of AdamW.
COPIES = 4
# Python and libraries.
FIXED = 0.6 * GIB
# Tensors kept for the backward pass of a layer, by width (counted on Llama): the stream and its
# norms; queries, keys, values and what attention gives; the feed-forward part's four.
KEPT_HIDDEN, KEPT_ATTENTION, KEPT_INNER = 4, 4, 4
# Of the widest, how many more there are while gradients are computed; and of attention scores.
MOMENTARY, MOMENTARY_SCORES = 9, 3
# On a CPU, glibc gives tensors of this size back at once; smaller ones leave holes, more of them
# where checkpointing makes and drops each layer's anew. As measured, the peak by what is in use.
GIVEN_BACK = 32 * 1024**2
HOLES, HOLES_CHECKPOINTED, NO_HOLES = 1.75, 3.3, 1.15


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a model decides how much memory its training takes.

    ``attention``: width of all heads together; ``inner``: of the feed-forward part, of all experts
    that a token goes through. ``item_bytes``: of a number between layers. ``dropout``: whether the
    adapter's inputs are dropped, so copied.
    """

    parameters: int
    trained: int
    weight_bytes: int
    layers: int
    hidden: int
    vocabulary: int
    attention: int
    heads: int
    inner: int
    kernel: str
    item_bytes: int
    dropout: bool
    on_cpu: bool


def shape_of(model: Any, trained: int, dropout: bool = False) -> Shape:
    """Of a causal language model; ``trained`` parameters belong to its adapter."""
    config = model.config.get_text_config()
    weights = list(model.parameters())
    heads = config.num_attention_heads
    return Shape(
        parameters=sum(w.numel() for w in weights),
        trained=trained,
        weight_bytes=sum(w.numel() * w.element_size() for w in weights),
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        vocabulary=config.vocab_size,
        attention=heads * (getattr(config, "head_dim", None) or config.hidden_size // heads),
        heads=heads,
        inner=_inner(config),
        kernel=getattr(model.config, "_attn_implementation", None) or "eager",
        item_bytes=4 if model.dtype == torch.float32 else 2,
        dropout=dropout,
        on_cpu=model.device.type == "cpu",
    )


def _inner(config: Any) -> int:
    """Architectures call it differently; four times the stream where none of the names is there."""
    names = ("moe_intermediate_size", "intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size")
    found = next((size for name in names if (size := getattr(config, name, None))), None)
    size = max(found) if isinstance(found, list) else found or 4 * config.hidden_size
    return int(size) * (getattr(config, "num_experts_per_tok", None) or 1)


def memory_bytes(shape: Shape, batch: int, tokens: int, checkpointing: bool) -> float:
    """An estimate of the most that training holds at a time, with ``batch`` chats of ``tokens``."""
    at_once = batch * tokens
    widths = _kept(shape, tokens)
    holes = HOLES_CHECKPOINTED if checkpointing else HOLES
    # With checkpointing each layer's input is kept, and one layer is computed again.
    times = 1 if checkpointing else shape.layers
    parts = [(width, times * count) for width, count in widths]
    parts.append((max(shape.inner, shape.hidden, shape.attention), MOMENTARY))
    if checkpointing:
        parts.append((shape.hidden, shape.layers))
    if shape.kernel == "eager":
        parts.append((shape.heads * tokens, MOMENTARY_SCORES))
    held = 0.0
    for width, count in parts:
        each = at_once * width * shape.item_bytes
        held += each * count * (holes if shape.on_cpu and each < GIVEN_BACK else NO_HOLES)
    # Scores and their gradients, of one tile.
    tile = 2 * min(at_once, TILE_TOKENS) * min(shape.vocabulary, TILE_ENTRIES)
    adapter = COPIES * FULL_PRECISION * shape.trained
    return shape.weight_bytes + adapter + FIXED + held + tile * FULL_PRECISION


def _kept(shape: Shape, tokens: int) -> list[tuple[int, float]]:
    """Widths of what a layer keeps of a token, each with how many there are of it."""
    hidden, attention, inner = shape.hidden, shape.attention, shape.inner
    # Norms are computed in fp32.
    stream = KEPT_HIDDEN * FULL_PRECISION / shape.item_bytes
    kept = [(hidden, stream), (attention, KEPT_ATTENTION), (inner, KEPT_INNER)]
    sides = 4 * (hidden + attention) + 3 * (hidden + inner)
    kept.append((7 * -(-shape.trained // (shape.layers * sides)), 1))
    if shape.dropout:
        # Inputs of seven linear layers, and a byte of mask for each number.
        kept += [(hidden, 6.25), (attention, 1.25), (inner, 1.25)]
    # Scores of each head; sdpa keeps the mask, flash attention nothing.
    if shape.kernel == "eager":
        kept.append((shape.heads * tokens, 1))
    elif "flash" not in shape.kernel:
        kept.append((tokens, 1))
    return kept
