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
RIDGE = 0.2
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

    Of each word the mean of what MiniLM makes of it where it stands (static vectors from a
    contextual model: Bommasani et al. 2020). What these lack of MiniLM's vectors of whole articles
    is regressed (ridge) on which words they have, each counted once and by how few articles have
    it (Spärck Jones 1972), and of what comes out the main components are kept: an adapter of low
    rank sees few directions at first. Labels are not read.
    """
    reader = _Reader(tokenizer)
    for some in _batches(islice(_texts(chats), READ)):
        reader.read(some)
        if on_progress is not None:
            on_progress(len(reader.words), 0)
    rarity = _rarity(reader.words, reader.number)
    vectors = (
        _regressed(reader.words, rarity, torch.stack(reader.seen), reader.in_place())
        if reader.words
        else torch.zeros(reader.number, GISTS)
    )
    return Themes(vectors[reader.forms], rarity.clamp_min(LEAST_RARITY).log()[reader.forms])


class _Reader:
    """What MiniLM makes of articles and of each word in them, article after article.

    ``words`` are the words of each article, once, and ``seen`` MiniLM's vector of it.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.forms = _forms(tokenizer)
        self.number = int(self.forms.max()) + 1
        self.words: list[torch.Tensor] = []
        self.seen: list[torch.Tensor] = []
        self._tokenizer = tokenizer
        self._encoder = SentenceTransformer(encoder_path(OFFLINE), device="cpu")
        width = len(self._encoder.encode("", show_progress_bar=False))
        self._sums = torch.zeros(self.number, width)
        self._places = torch.zeros(self.number)

    def read(self, texts: list[str]) -> None:
        """Read some articles."""
        made: list[torch.Tensor] = self._encoder.encode(
            texts, output_value="token_embeddings", show_progress_bar=False
        )
        for text, vectors in zip(texts, made, strict=True):
            mean = vectors.mean(dim=0)
            # As MiniLM pools them, so that these are parts of an article's vector.
            self.seen.append(mean / mean.norm())
            self._note(text, vectors / mean.norm())

    def _note(self, text: str, vectors: torch.Tensor) -> None:
        """``vectors`` (MiniLM's tokens, its width) go to the words that they stand in."""
        ours = self._tokenizer(text, return_offsets_mapping=True)
        theirs = self._encoder.tokenizer(
            text, return_offsets_mapping=True, truncation=True,
            max_length=self._encoder.max_seq_length,
        )  # fmt: skip
        forms = self.forms[ours["input_ids"]]
        token, piece = (by_character(text, one["offset_mapping"]) for one in (ours, theirs))
        both = (token >= 0) & (piece >= 0)
        form = forms[token[both]]
        # What stands behind the last piece MiniLM did not read.
        self.words.append(torch.unique(form))
        self._sums.index_add_(0, form, vectors[piece[both]])
        self._places.index_add_(0, form, torch.ones(len(form)))

    def in_place(self) -> torch.Tensor:
        """(words, MiniLM's width): the mean over the places of a word, less that of all words."""
        found = self._places > 0
        means = self._sums / self._places.clamp_min(1)[:, None]
        means[found] -= means[found].mean(dim=0)
        return means


def by_character(text: str, spans: list[tuple[int, int]]) -> torch.Tensor:
    """(characters,): the token that each belongs to, of several the last; -1 for none."""
    found = [-1] * len(text)
    for number, (start, end) in enumerate(spans):
        found[start:end] = [number] * (end - start)
    return torch.tensor(found)


def _forms(tokenizer: PreTrainedTokenizerBase) -> torch.Tensor:
    """(tokens,): the same number for " The" and "the"."""
    numbers: defaultdict[str, int] = defaultdict(lambda: len(numbers))
    return torch.tensor([numbers[form.lower()] for form in token_forms(tokenizer)])


def _texts(chats: Chats) -> Iterator[str]:
    """The beginning of each article, once."""
    seen: set[str] = set()
    for pair in chats():
        text = pair.text[:CHARACTERS].strip()
        if text and text not in seen:
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


def _regressed(
    words: list[torch.Tensor], rarity: torch.Tensor, seen: torch.Tensor, in_place: torch.Tensor
) -> torch.Tensor:
    """(words, GISTS): main components of ``in_place``, and what ridge regression adds to it."""
    shares = torch.zeros(len(words), len(rarity), dtype=torch.float64)
    for row, some in zip(shares, words, strict=True):
        row[some] = (rarity[some] / rarity[some].sum().clamp_min(LEAST_SPREAD)).double()
    centred = shares - shares.mean(dim=0)
    wanted = (seen - seen.mean(dim=0)).double()
    before = in_place.double()
    told = centred @ before
    # A word in its place tells of all words there, so the mean over many tells too little.
    before *= (told * wanted).sum() / (told * told).sum().clamp_min(LEAST_SPREAD)
    # There are fewer articles than words, so their products are what is solved for.
    products = centred @ centred.T
    products.diagonal().add_(RIDGE)
    found = before + centred.T @ torch.linalg.solve(products, wanted - centred @ before)
    told = centred @ found
    values, directions = torch.linalg.eigh(told.T @ told / len(words))
    spread = math.sqrt(float(values[-GISTS:].clamp_min(0).sum()))
    components = directions[:, -GISTS:] * (GIST / spread if spread > LEAST_SPREAD else 1.0)
    themes: torch.Tensor = (found @ components).float()
    return themes
