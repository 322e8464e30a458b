"""Entities by GLiNER (Zaratiana et al. 2023), which reads what to look for with the text.

The desk's types and definitions are the prompts, so that nothing needs to be mapped. The package is
no dependency: pins/gliner.txt says why.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch

from corpus.articles import ScoredSpan
from corpus.errors import DeskError

CONFIG = "gliner_config.json"
INSTALL = ".venv/bin/pip install --no-deps -r pins/gliner.txt"
# GLiNER's own default.
THRESHOLD = 0.5
BATCH = 8
# GLiNER cuts what is longer than its config.max_len without an error.
WINDOW_WORDS = 256
SHARED_WORDS = 32


class Piece(NamedTuple):
    """Code points ``start`` to ``end`` (exclusive) of a text.

    Entities that begin from ``first`` on, before ``after``, are taken from this piece.
    """

    text_index: int
    start: int
    end: int
    first: int
    after: int


def load_gliner(folder: str) -> Any:
    """A GLiNER model; DeskError where the package is not installed."""
    try:
        from gliner import GLiNER
    except ImportError as error:
        raise DeskError(
            f"{folder} is a GLiNER model, and gliner cannot be imported ({error}).",
            f"Install it: {INSTALL}",
        ) from error
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return GLiNER.from_pretrained(folder, map_location=device)


def prompted_entities(
    model: Any, texts: Sequence[str], definitions: Mapping[str, str]
) -> list[tuple[ScoredSpan, ...]]:
    """Spans of each text in code points, all of a long one read in pieces.

    The score is GLiNER's own probability of the span being of this type, of THRESHOLD or more.
    """
    prompts = {f"{label}: {definition}": label for label, definition in definitions.items()}
    pieces = [piece for i, text in enumerate(texts) for piece in pieces_of(model, i, text)]
    found = model.inference(
        [texts[piece.text_index][piece.start : piece.end] for piece in pieces],
        list(prompts),
        flat_ner=True,
        threshold=THRESHOLD,
        multi_label=False,
        batch_size=BATCH,
    )
    spans: list[list[ScoredSpan]] = [[] for _ in texts]
    for piece, entities in zip(pieces, found, strict=True):
        for entity in entities:
            start, end = piece.start + int(entity["start"]), piece.start + int(entity["end"])
            if piece.first <= start < piece.after:
                label, score = prompts[entity["label"]], float(entity["score"])
                spans[piece.text_index].append(ScoredSpan(start, end, label, score))
    return [tuple(sorted(of_text, key=lambda s: s.start)) for of_text in spans]


def pieces_of(model: Any, text_index: int, text: str) -> Iterator[Piece]:
    """Runs of words, as GLiNER counts them, that share SHARED_WORDS with the next."""
    words = [(start, end) for _, start, end in model.data_processor.words_splitter(text)]
    size = min(int(model.config.max_len), WINDOW_WORDS)
    shared = min(SHARED_WORDS, size // 4)
    at, first = 0, 0
    while at < len(words):
        last = at + size >= len(words)
        piece = words[at : at + size]
        # The half of what is shared is nearer to an edge in one of the two.
        after = len(text) if last else piece[size - shared // 2 - 1][1]
        yield Piece(text_index, piece[0][0], piece[-1][1], first, after)
        first, at = after, len(words) if last else at + size - shared
