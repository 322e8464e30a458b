"""Entities of texts, from a trained token classifier."""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

from corpus.articles import ScoredSpan
from corpus.errors import DeskError
from corpus.words import words_of
from training.entities.encode import Window, encode
from training.entities.frozen.register import register
from training.entities.schemes import OUTSIDE, tag_runs, viterbi

# Padding is what costs on a CPU: windows are sorted by length and batched by their tokens.
BATCH_TOKENS = 2048
STRIDE_TOKENS = 64

# A token's code points, and the logarithms of its tags' probabilities.
ScoredToken = tuple[tuple[int, int], np.ndarray]


@dataclass(frozen=True, slots=True)
class EntityModel:
    """A token classifier with its tokenizer and entity types in schema order.

    ``renamed`` are its tags where they are called otherwise than in its config. ``whole_words``:
    a word is what its first token is; those of other people's models learned no more than that.
    """

    model: Any
    tokenizer: Any
    entity_types: tuple[str, ...]
    renamed: tuple[str, ...] = ()
    whole_words: bool = False

    @property
    def tags(self) -> list[str]:
        """The names of the tags in the order of the model's outputs."""
        return list(self.renamed) or [
            self.model.config.id2label[i] for i in range(self.model.config.num_labels)
        ]

    @property
    def window_tokens(self) -> int:
        """How long a window may be; train_entities keeps what it trained with in the tokenizer."""
        return int(min(self.tokenizer.model_max_length, longest_window(self.model)))


def load_entity_model(repo_or_folder: str) -> EntityModel:
    """A model that train_entities saved, or another with IOB tags, from a folder or a Hub.

    Raises DeskError for tags of another kind.
    """
    model, tokenizer = load_classifier(repo_or_folder)
    names = [model.config.id2label[i] for i in range(model.config.num_labels)]
    unknown = [name for name in names if name != OUTSIDE and name[:2] not in ("B-", "I-")]
    if unknown:
        raise DeskError(
            f"Model {repo_or_folder!r} has tags {unknown[:3]}; entity models have O, B-… and I-….",
            "Name an entity model, or train one: copydesk train --only entities.",
        )
    types = tuple(dict.fromkeys(name[2:] for name in names if name != OUTSIDE))
    return EntityModel(to_device(model), tokenizer, types)


def load_classifier(repo_or_folder: str) -> tuple[Any, Any]:
    """Model and tokenizer, whatever its tags are."""
    register()
    # Said, because transformers would ask a person otherwise.
    model = AutoModelForTokenClassification.from_pretrained(repo_or_folder, trust_remote_code=False)
    return model, AutoTokenizer.from_pretrained(repo_or_folder, trust_remote_code=False)


def to_device(model: Any) -> Any:
    """The model on the GPU, if there is one, ready to predict."""
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def longest_window(model: Any) -> int:
    """Tokens of the longest input that the encoder has positions for."""
    positions: int = getattr(model.config, "max_position_embeddings", 512)
    for name, module in model.named_modules():
        if (
            name.endswith("position_embeddings")
            and getattr(module, "padding_idx", None) is not None
        ):
            # RoBERTa counts positions from behind that of padding.
            return int(module.num_embeddings) - int(module.padding_idx) - 1
    return positions


def predict_entities(model: EntityModel, texts: Sequence[str]) -> list[tuple[ScoredSpan, ...]]:
    """Spans of each text in code points, in text order, trimmed and without overlaps.

    The score of a span is the mean probability of its tokens' tags.
    """
    if not texts:
        return []
    encoded = encode(
        model.tokenizer, texts, None, model.entity_types, model.window_tokens, STRIDE_TOKENS
    )
    rows = log_probabilities(model, encoded.windows)
    return spans_of(texts, encoded.windows, rows, model.tags, model.whole_words)


def log_probabilities(model: EntityModel, windows: Sequence[Window]) -> list[np.ndarray]:
    """For each window a (tokens × tags) array."""
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
        {"input_ids": [window.input_ids for window in windows]},
        padding_side="right",
        return_tensors="pt",
    ).to(model.model.device)
    with torch.no_grad():
        logits = model.model(**padded).logits.float()
    values = torch.log_softmax(logits, dim=-1).cpu().numpy()
    return [row[: len(window.input_ids)] for row, window in zip(values, windows, strict=True)]


def spans_of(
    texts: Sequence[str],
    windows: Sequence[Window],
    rows: Sequence[np.ndarray],
    tags: Sequence[str],
    whole_words: bool = False,
) -> list[tuple[ScoredSpan, ...]]:
    """Windows joined again: the spans of each text, from its windows' (tokens × tags) arrays."""
    tokens: list[list[ScoredToken]] = [[] for _ in texts]
    for window, row in zip(windows, rows, strict=True):
        for pair, own, values in zip(window.offsets, window.owned, row, strict=True):
            if own:
                tokens[window.text_index].append((pair, values))
    for text, found in zip(texts, tokens, strict=True):
        # By offset alone; several tokens of one character keep their order.
        found.sort(key=lambda token: token[0])
        if whole_words:
            found[:] = _first_of_words(text, found)
    return [_decode(text, found, tags) for text, found in zip(texts, tokens, strict=True)]


def _first_of_words(text: str, tokens: Sequence[ScoredToken]) -> list[ScoredToken]:
    """A token for each word, with what the first of its tokens is."""
    starts = [word.start for word in words_of(text)]
    found: list[ScoredToken] = []
    previous = -1
    for (start, end), values in tokens:
        word = bisect_right(starts, start)
        if word == previous:
            found[-1] = ((found[-1][0][0], end), found[-1][1])
        else:
            found.append(((start, end), values))
        previous = word
    return found


def _decode(text: str, tokens: list[ScoredToken], names: Sequence[str]) -> tuple[ScoredSpan, ...]:
    if not tokens:
        return ()
    values = np.stack([row for _, row in tokens])
    tags = viterbi(values, names)
    spans: list[ScoredSpan] = []
    for first, after, label in tag_runs(tags, names):
        start, end = whole_mention(text, tokens[first][0][0], tokens[after - 1][0][1])
        # Two tokens may share a character, and combining marks belong to the mention before.
        start, end = whole_mention(text, max(start, spans[-1].end if spans else 0), end)
        probability = np.exp([values[i][tags[i]] for i in range(first, after)]).mean()
        if start < end:
            spans.append(ScoredSpan(start, end, label, float(probability)))
    return tuple(spans)


def whole_mention(text: str, start: int, end: int) -> tuple[int, int]:
    """Without white space around it, with the combining marks that tokenizers leave out."""
    while start < end < len(text) and unicodedata.combining(text[end]):
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
