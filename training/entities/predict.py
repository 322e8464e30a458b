"""Entities of texts, from a trained token classifier."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

from corpus.articles import ScoredSpan
from training.entities.encode import Window, encode
from training.entities.schemes import tag_names, tag_runs, viterbi

# Padding is what costs on a CPU: windows are sorted by length and batched by their tokens.
BATCH_TOKENS = 2048
STRIDE_TOKENS = 64


@dataclass(frozen=True, slots=True)
class EntityModel:
    """A token classifier with its tokenizer and entity types in schema order."""

    model: Any
    tokenizer: Any
    entity_types: tuple[str, ...]


def load_entity_model(repo_or_folder: str) -> EntityModel:
    """A model that train_entities saved, from a folder or a Hub."""
    model = AutoModelForTokenClassification.from_pretrained(repo_or_folder)
    tokenizer = AutoTokenizer.from_pretrained(repo_or_folder)
    names = [model.config.id2label[i] for i in range(model.config.num_labels)]
    types = tuple(dict.fromkeys(name[2:] for name in names if name != "O"))
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    return EntityModel(model, tokenizer, types)


def predict_entities(model: EntityModel, texts: Sequence[str]) -> list[tuple[ScoredSpan, ...]]:
    """Spans of each text in code points, in text order and without overlaps.

    The score of a span is the mean probability of its tokens' tags. Windows are as long as those
    the model was trained on: train_entities keeps that length in the tokenizer.
    """
    if not texts:
        return []
    limit = min(model.tokenizer.model_max_length, model.model.config.max_position_embeddings)
    encoded = encode(model.tokenizer, texts, None, model.entity_types, limit, STRIDE_TOKENS)
    rows = _log_probabilities(model, encoded.windows)
    tokens: dict[int, list[tuple[tuple[int, int], np.ndarray]]] = {}
    for window, row in zip(encoded.windows, rows, strict=True):
        for pair, own, values in zip(window.offsets, window.owned, row, strict=True):
            if own:
                tokens.setdefault(window.text_index, []).append((pair, values))
    return [_decode(text, tokens.get(i, []), model.entity_types) for i, text in enumerate(texts)]


def _log_probabilities(model: EntityModel, windows: Sequence[Window]) -> list[np.ndarray]:
    order = sorted(range(len(windows)), key=lambda i: len(windows[i].input_ids))
    found: dict[int, np.ndarray] = {}
    batch: list[int] = []
    for position, i in enumerate(order):
        batch.append(i)
        last = position + 1 == len(order)
        longest = len(windows[order[min(position + 1, len(order) - 1)]].input_ids)
        if last or (len(batch) + 1) * longest > BATCH_TOKENS:
            found.update(zip(batch, _run(model, [windows[i] for i in batch]), strict=True))
            batch = []
    return [found[i] for i in range(len(windows))]


def _run(model: EntityModel, windows: Sequence[Window]) -> list[np.ndarray]:
    padded = model.tokenizer.pad(
        {"input_ids": [window.input_ids for window in windows]}, return_tensors="pt"
    ).to(model.model.device)
    with torch.no_grad():
        logits = model.model(**padded).logits.float()
    values = torch.log_softmax(logits, dim=-1).cpu().numpy()
    return [row[: len(window.input_ids)] for row, window in zip(values, windows, strict=True)]


def _decode(
    text: str, tokens: list[tuple[tuple[int, int], np.ndarray]], types: Sequence[str]
) -> tuple[ScoredSpan, ...]:
    if not tokens:
        return ()
    # By offset alone; several tokens of one character keep their order.
    tokens.sort(key=lambda token: token[0])
    names = tag_names(types)
    values = np.stack([row for _, row in tokens])
    tags = viterbi(values, names)
    spans = []
    for first, after, label in tag_runs(tags, names):
        start, end = whole_mention(text, tokens[first][0][0], tokens[after - 1][0][1])
        probability = np.exp([values[i][tags[i]] for i in range(first, after)]).mean()
        if start < end:
            spans.append(ScoredSpan(start, end, label, float(probability)))
    return tuple(spans)


def whole_mention(text: str, start: int, end: int) -> tuple[int, int]:
    """Without white space around it, with the combining marks that tokenizers leave out."""
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
