"""Token states of the frozen base model, computed once, with the shape of the word around each.

Two layers are kept: the last one knows the sentence, the middle one more of the word itself. An
uncased base model does not know capitals, which matter to names; the shape says them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from training.encoder import encoder_path
from training.entities.encode import Window, encode
from training.entities.predict import longest_window
from training.examples import EntityExample
from training.worth.kept import encoded_once

BATCH = 32
SHAPES = 8


@dataclass(frozen=True, slots=True, eq=False)
class TokenStates:
    """One window of a text with its features (tokens, dimensions), in half precision."""

    window: Window
    features: np.ndarray


def token_states(
    examples: Sequence[EntityExample], entity_types: Sequence[str], encoder: str, max_length: int
) -> list[TokenStates]:
    """Every window of every example; ``window.text_index`` says of which."""
    path = encoder_path(encoder)
    tokenizer: Any = AutoTokenizer.from_pretrained(path)
    model = AutoModel.from_pretrained(path).eval()
    limit = min(max_length, tokenizer.model_max_length, longest_window(model))
    texts, spans = [e.text for e in examples], [e.spans for e in examples]
    windows = encode(tokenizer, texts, spans, entity_types, limit, limit // 4).windows
    inputs = [np.asarray(window.input_ids, dtype="<i4").tobytes() for window in windows]

    def states_of(positions: Sequence[int]) -> dict[int, np.ndarray]:
        return _states(model, tokenizer, {i: windows[i] for i in positions})

    states = encoded_once("two layers of tokens", encoder, "float16", inputs, states_of)
    found = []
    for window, matrix in zip(windows, states, strict=True):
        shapes = word_shapes(texts[window.text_index], window.offsets).astype(np.float16)
        found.append(TokenStates(window, np.concatenate([matrix, shapes], axis=1)))
    return found


def _states(model: Any, tokenizer: Any, windows: Mapping[int, Window]) -> dict[int, np.ndarray]:
    """(tokens, two layers) of each window, in batches of windows of like length."""
    found: dict[int, np.ndarray] = {}
    order = sorted(windows, key=lambda i: len(windows[i].input_ids))
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        layers = _layers(model, tokenizer, [windows[i] for i in batch])
        for row, i in enumerate(batch):
            found[i] = layers[row, : len(windows[i].input_ids)].astype(np.float16)
    return found


def word_shapes(text: str, offsets: Sequence[tuple[int, int]]) -> np.ndarray:
    """(tokens, 8) of yes and no about the word each token stands in; with its neighbours' 24."""
    own = np.zeros((len(offsets), SHAPES))
    for i, (start, end) in enumerate(offsets):
        if start != end:
            own[i] = _shape(text, start, end)
    before, after = np.zeros_like(own), np.zeros_like(own)
    before[1:], after[:-1] = own[:-1], own[1:]
    return np.concatenate([own, before, after], axis=1)


def _shape(text: str, start: int, end: int) -> list[bool]:
    left, right = start, end
    while left > 0 and text[left - 1].isalnum():
        left -= 1
    while right < len(text) and text[right].isalnum():
        right += 1
    word = text[left:right]
    capital = word[:1].isupper()
    return [
        capital and not word.isupper(),
        word.isupper() and len(word) > 1,
        word.islower(),
        any(c.isdigit() for c in word),
        not any(c.isalnum() for c in word),
        len(word) == 1,
        left == start,
        left == 0,
    ]


def _layers(model: Any, tokenizer: Any, windows: Sequence[Window]) -> np.ndarray:
    padded = tokenizer.pad(
        {"input_ids": [w.input_ids for w in windows]}, padding_side="right", return_tensors="pt"
    )
    with torch.no_grad():
        hidden = model(**padded, output_hidden_states=True).hidden_states
    chosen = [hidden[-1], hidden[len(hidden) // 2]]
    found: np.ndarray = torch.cat(chosen, dim=-1).float().numpy()
    return found
