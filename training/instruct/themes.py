"""What each token says of an article's subject: the offline encoder's view of articles, by word."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import torch
from sentence_transformers import SentenceTransformer
from transformers import PreTrainedTokenizerBase

from training.encoder import OFFLINE, encoder_path
from training.instruct.stream import GISTS
from training.instruct.tokens import Chats, token_forms
from training.results import Progress

# Articles that are enough to learn from (MiniLM takes some 50 CPU seconds for them), how much of
# each is read, as MiniLM reads no more, and how many at once.
READ, CHARACTERS, AT_ONCE = 1000, 1500, 64
# Holds the vectors back, of words that few articles have above all.
RIDGE = 0.05
# A word of all articles counts so much, and one of 360 counts 5.
LEAST_RARITY = 0.05
# Length of an article's gist, on average.
GIST = 1.5
LEAST_SPREAD = 1e-6


class Themes(NamedTuple):
    """Of each token its vector, (tokens, GISTS), and the logarithm of how much it counts."""

    vectors: torch.Tensor
    weights: torch.Tensor


def token_themes(
    tokenizer: PreTrainedTokenizerBase, chats: Chats, on_progress: Progress | None = None
) -> Themes:
    """Vectors whose mean over the words of an article tells what MiniLM reads in all of it.

    MiniLM's vectors of whole articles are regressed (ridge) on which words they have, each counted
    once and by how few articles have it (Spärck Jones 1972), and of what comes out the main
    components are kept: an adapter of low rank sees few directions at first. Labels are not read.
    """
    forms = _forms(tokenizer)
    encoder = SentenceTransformer(encoder_path(OFFLINE), device="cpu")
    words: list[torch.Tensor] = []
    seen: list[torch.Tensor] = []
    for some in _batches(islice(_texts(chats), READ)):
        words += [torch.unique(forms[tokenizer(text)["input_ids"]]) for text in some]
        seen.append(encoder.encode(some, convert_to_tensor=True, show_progress_bar=False))
        if on_progress is not None:
            on_progress(len(words), 0)
    number = int(forms.max()) + 1
    rarity = _rarity(words, number)
    vectors = _regressed(words, rarity, torch.cat(seen)) if words else torch.zeros(number, GISTS)
    return Themes(vectors[forms], rarity.clamp_min(LEAST_RARITY).log()[forms])


def _forms(tokenizer: PreTrainedTokenizerBase) -> torch.Tensor:
    """(tokens,): the same number for " The" and "the"."""
    numbers: defaultdict[str, int] = defaultdict(lambda: len(numbers))
    return torch.tensor([numbers[form.lower()] for form in token_forms(tokenizer)])


def _texts(chats: Chats) -> Iterator[str]:
    """The beginning of each article, once."""
    seen: set[str] = set()
    for pair in chats():
        text = pair.text[:CHARACTERS]
        if text.strip() and text not in seen:
            seen.add(text)
            yield text


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    left = iter(texts)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _rarity(words: list[torch.Tensor], number: int) -> torch.Tensor:
    """Inverse document frequency of each word."""
    found = torch.zeros(number)
    for some in words:
        found[some] += 1
    return torch.log((len(words) + 1) / (found + 1))


def _regressed(words: list[torch.Tensor], rarity: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """(words, GISTS): main components of what ridge regression gives each word."""
    shares = torch.zeros(len(words), len(rarity), dtype=torch.float64)
    for row, some in zip(shares, words, strict=True):
        row[some] = (rarity[some] / rarity[some].sum().clamp_min(LEAST_SPREAD)).double()
    centred = shares - shares.mean(dim=0)
    wanted = (seen - seen.mean(dim=0)).double()
    # There are fewer articles than words, so their products are what is solved for.
    products = centred @ centred.T
    products.diagonal().add_(RIDGE)
    found = centred.T @ torch.linalg.solve(products, wanted)
    told = centred @ found
    values, directions = torch.linalg.eigh(told.T @ told / len(words))
    spread = math.sqrt(float(values[-GISTS:].clamp_min(0).sum()))
    components = directions[:, -GISTS:] * (GIST / spread if spread > LEAST_SPREAD else 1.0)
    themes: torch.Tensor = (found @ components).float()
    return themes
