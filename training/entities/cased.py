"""Case given back to an uncased encoder by its vocabulary alone; no code of its own to load it.

An uncased WordPiece tokenizer makes one token of "us", "Us" and "US". Here the vocabulary gets the
Title and UPPER variants of its pieces, the normalizer keeps case, and the embedding of a variant is
that of its lower-case piece + a vector of its shape, learned with the model. Words in one of
the three shapes are cut as before; a word like "McDonald" falls into more pieces.
"""

import json
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from transformers import PreTrainedTokenizerFast

LOWER, TITLE, UPPER = 0, 1, 2
SHAPES = 3
CONTINUES = "##"
# Vocabularies are written from frequent to rare. Of rare pieces only what news is full of gets a
# variant: Names and short ACRONYMS. The rest would add 20 MB for headlines in capitals, where such
# words now fall into more pieces.
FREQUENT_PIECES = 12_000
SHORT_CHARACTERS = 4


@dataclass(frozen=True, slots=True)
class CasedTokenizer:
    """A plain fast tokenizer; by token id the lower-case piece's id and the shape."""

    tokenizer: Any
    lower_of: list[int]
    shape_of: list[int]


def cased_tokenizer(tokenizer: Any, all_pieces: bool = False) -> CasedTokenizer | None:
    """The tokenizer with case; None where it has case already, or is not BERT's WordPiece.

    ``all_pieces``: rare ones get their variants as well, for models that pay nothing for them.
    """
    parts = json.loads(tokenizer.backend_tokenizer.to_str())
    if not lowers_word_pieces(parts):
        return None
    vocabulary: dict[str, int] = parts["model"]["vocab"]
    special = {token["content"] for token in parts["added_tokens"]}
    first_new = max(*vocabulary.values(), len(tokenizer) - 1) + 1
    added = variants(vocabulary, special, len(vocabulary) if all_pieces else FREQUENT_PIECES)
    new_ids = {piece: first_new + i for i, piece in enumerate(added)}
    parts["model"]["vocab"] = vocabulary | new_ids
    parts["normalizer"] |= {"lowercase": False, "strip_accents": _strips_accents(parts)}
    kept = {
        name: getattr(tokenizer, name)
        for name in ("cls_token", "sep_token", "pad_token", "unk_token", "mask_token")
    }
    parts |= {"truncation": None, "padding": None}
    # mypy: transformers leaves its signature out.
    make: Any = PreTrainedTokenizerFast
    cased = make(
        tokenizer_object=Tokenizer.from_str(json.dumps(parts)),
        model_max_length=tokenizer.model_max_length,
        model_input_names=tokenizer.model_input_names,
        **kept,
    )
    return CasedTokenizer(
        cased,
        [*range(first_new), *(lower for lower, _ in added.values())],
        [LOWER] * first_new + [shape for _, shape in added.values()],
    )


def lowers_word_pieces(parts: Mapping[str, Any]) -> bool:
    """Whether a tokenizer.json is WordPiece under BERT's normalizer with lowercase on."""
    normalizer = parts.get("normalizer") or {}
    return (
        parts["model"]["type"] == "WordPiece"
        and parts["model"].get("continuing_subword_prefix") == CONTINUES
        and normalizer.get("type") == "BertNormalizer"
        and bool(normalizer.get("lowercase"))
    )


def _strips_accents(parts: Mapping[str, Any]) -> bool:
    # Left out, BERT's normalizer strips them exactly if it lowers.
    stated = parts["normalizer"].get("strip_accents")
    return True if stated is None else bool(stated)


def variants(
    vocabulary: Mapping[str, int], special: set[str], frequent: int = FREQUENT_PIECES
) -> dict[str, tuple[int, int]]:
    """New piece → (id of the lower-case piece, shape), in the order of the vocabulary."""
    found: dict[str, tuple[int, int]] = {}
    for piece, index in vocabulary.items():
        if piece in special:
            continue
        continues = piece.startswith(CONTINUES) and len(piece) > len(CONTINUES)
        prefix = CONTINUES if continues else ""
        for text, shape in _shapes(piece.removeprefix(prefix), continues, index < frequent):
            found.setdefault(prefix + text, (index, shape))
    return {piece: lower for piece, lower in found.items() if piece not in vocabulary}


def _shapes(text: str, continues: bool, frequent: bool) -> list[tuple[str, int]]:
    if len(text) == 1:
        # All of them always: else a word with such a letter would become unknown.
        return [(c, UPPER if continues else TITLE) for c in capitals().get(text, ())]
    wanted = []
    if frequent or not continues:
        wanted.append((text[0].upper() + text[1:], TITLE))
    if frequent or len(text) <= SHORT_CHARACTERS:
        wanted.append((text.upper(), UPPER))
    return [(t, s) for t, s in wanted if t != text and len(t) == len(text) and t.lower() == text]


@cache
def capitals() -> dict[str, list[str]]:
    """Lower-case letter → every character of Unicode that lowers to it."""
    found: dict[str, list[str]] = {}
    for letter in map(chr, range(sys.maxunicode + 1)):
        lower = letter.lower()
        # Only what a normalizer that takes accents off leaves as it is.
        if lower != letter and unicodedata.normalize("NFD", letter) == letter:
            found.setdefault(lower, []).append(letter)
    return found


class ShapedEmbedding(nn.Module):
    """Word embeddings while training: rows of the encoder, frozen, + a learned vector a shape."""

    lower_of: torch.Tensor
    shape_of: torch.Tensor

    def __init__(self, rows: torch.Tensor, lower_of: list[int], shape_of: list[int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(rows.detach().clone(), requires_grad=False)
        self.register_buffer("lower_of", torch.tensor(lower_of), persistent=False)
        self.register_buffer("shape_of", torch.tensor(shape_of), persistent=False)
        # The row of LOWER stays 0: it is the padding index, which gets no gradient.
        self.shapes = nn.Parameter(torch.zeros(SHAPES, rows.shape[1]))

    def forward(self, token_ids: torch.Tensor) -> torch.Tensor:
        """(…) token ids → (… × width)."""
        return self._sum(self.lower_of[token_ids], self.shape_of[token_ids])

    def baked(self) -> torch.Tensor:
        """The same sums for the whole vocabulary, as one plain matrix."""
        with torch.no_grad():
            return self._sum(self.lower_of, self.shape_of)

    def _sum(self, lower: torch.Tensor, shape: torch.Tensor) -> torch.Tensor:
        shapes = functional.embedding(shape, self.shapes, padding_idx=LOWER)
        return functional.embedding(lower, self.weight) + shapes


def shape_embeddings(model: Any, cased: CasedTokenizer) -> None:
    """Let the model learn shapes: its word embeddings become a ShapedEmbedding."""
    rows = model.get_input_embeddings().weight
    model.set_input_embeddings(ShapedEmbedding(rows, cased.lower_of, cased.shape_of))


def bake_embeddings(model: Any, pad_token_id: int | None) -> None:
    """Make the model a plain one again that gives exactly the same."""
    shaped = model.get_input_embeddings()
    if not isinstance(shaped, ShapedEmbedding):
        return
    matrix = shaped.baked()
    make: Any = nn.Embedding.from_pretrained
    plain = make(matrix, freeze=True, padding_idx=pad_token_id)
    model.set_input_embeddings(plain)
    model.config.vocab_size = len(matrix)
