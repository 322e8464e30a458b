"""What the offline decoder knows of each token before it reads: meaning, code, looks."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerBase

from training.encoder import OFFLINE, encoder_path
from training.instruct.stream import (
    ASKS_NAME,
    ASKS_TYPE,
    BLANK,
    CAPITAL,
    CAPITALS,
    CODE,
    COMMON,
    DIGITS,
    ENDS,
    FORM,
    JOINED,
    KIND,
    NEWLINE,
    QUOTED,
    SHAPES,
    SIGN,
    WORD,
)
from training.instruct.tokens import (
    Chats,
    chat_frames,
    chat_questions,
    token_forms,
    token_texts,
)


class Parts(NamedTuple):
    """What the stream holds of each token: (tokens, width)."""

    words: torch.Tensor
    codes: torch.Tensor
    shapes: torch.Tensor


def token_parts(
    tokenizer: PreTrainedTokenizerBase, chats: Chats, generator: torch.Generator
) -> Parts:
    """Of every token of the vocabulary; the chats are read twice."""
    counts = _counts(tokenizer, chats)
    frames = chat_frames(chats)
    odd: Any = tokenizer.convert_tokens_to_ids(frames.all())
    words = _words(tokenizer, counts, odd, generator)
    shapes = _shapes(tokenizer, counts)
    shapes[_kinds(tokenizer, chats), KIND] = 1.0
    for text, asks in (
        (frames.first, ASKS_NAME),
        (frames.more, ASKS_NAME),
        (frames.kind, ASKS_TYPE),
    ):
        if text:
            shapes[tokenizer.convert_tokens_to_ids(text), asks] = 1.0
    return Parts(words, _codes(tokenizer, odd, generator), shapes)


def _counts(tokenizer: PreTrainedTokenizerBase, chats: Chats) -> torch.Tensor:
    """How often each token stands in the articles; instructions are the same everywhere."""
    counts: Counter[int] = Counter()
    for pair in chats():
        ids: Any = tokenizer(pair.text)["input_ids"]
        counts.update(ids)
    return torch.tensor([float(counts[i]) for i in range(len(tokenizer))])


def _words(
    tokenizer: PreTrainedTokenizerBase,
    counts: torch.Tensor,
    frames: Sequence[int],
    generator: torch.Generator,
) -> torch.Tensor:
    """(len(tokenizer), width of a word), of length 1: MiniLM's vectors, their main components.

    Those of special tokens and frames are drawn.
    """
    reader = AutoTokenizer.from_pretrained(encoder_path(OFFLINE))
    source = AutoModel.from_pretrained(encoder_path(OFFLINE))
    vectors = source.get_input_embeddings().weight
    pieces = [_pieces(text, reader) for text in token_texts(tokenizer)]
    usual = vectors.mean(dim=0)
    rows = torch.stack([vectors[ids].mean(dim=0) if ids else usual for ids in pieces])
    shares = (counts / counts.sum().clamp_min(1))[:, None]
    rows = rows - (shares * rows).sum(dim=0)
    # Of words as often as the articles have them.
    components = torch.linalg.svd(shares.sqrt() * rows, full_matrices=False).Vh[:WORD]
    words: torch.Tensor = rows @ components.T
    special = [*tokenizer.all_special_ids, *frames]
    words[special] = torch.randn(len(special), WORD, generator=generator)
    words /= words.norm(dim=1, keepdim=True).clamp_min(1e-6)
    return words


def _codes(
    tokenizer: PreTrainedTokenizerBase, frames: Sequence[int], generator: torch.Generator
) -> torch.Tensor:
    """(len(tokenizer), CODE), of length 1, at random (Johnson and Lindenstrauss 1984).

    A token and the same with a blank before it have one. A special token has none, nor has a word
    with a quotation mark: what followed it in the article does not go on with an answer.
    """
    forms = token_forms(tokenizer)
    of_form = {form: i for i, form in enumerate(dict.fromkeys(forms))}
    drawn = torch.randn(len(of_form), CODE, generator=generator)
    codes: torch.Tensor = (drawn / drawn.norm(dim=1, keepdim=True))[[of_form[f] for f in forms]]
    codes[tokenizer.all_special_ids] = 0.0
    kept = set(frames)
    codes[[i for i, form in enumerate(forms) if '"' in form and i not in kept]] = 0.0
    return codes


def _shapes(tokenizer: PreTrainedTokenizerBase, counts: torch.Tensor) -> torch.Tensor:
    """(len(tokenizer), SHAPES): what is seen of a token without knowing what it means."""
    texts = token_texts(tokenizer)
    shapes = torch.tensor([_shape(text) for text in texts])
    for place, i in enumerate(sorted(tokenizer.all_special_ids)):
        shapes[i] = 0.0
        # The end, then the roles in their order: USER and ASSISTANT of ``stream``.
        shapes[i, [0, 1 + place]] = 1.0
    forms: dict[str, float] = defaultdict(float)
    for text, count in zip(texts, counts.tolist(), strict=True):
        forms[_plain(text)] += count
    most = math.log1p(max(forms.values())) or 1.0
    shapes[:, COMMON] = torch.tensor([math.log1p(forms[_plain(t)]) / most for t in texts])
    return shapes


def _kinds(tokenizer: PreTrainedTokenizerBase, chats: Chats) -> list[int]:
    """Types that are one token, and no name begins with: they are not written with a capital."""
    types = chat_questions(chats).types
    read: Any = [tokenizer(kind)["input_ids"] for kind in sorted(types) if kind.islower()]
    return [ids[0] for ids in read if len(ids) == 1]


def _shape(text: str) -> list[float]:
    word = text.strip()
    seen = [0.0] * SHAPES
    seen[BLANK] = text[:1] == " "
    seen[CAPITAL] = word[:1].isupper()
    seen[CAPITALS] = len(word) > 1 and word.isupper()
    seen[DIGITS] = any(sign.isdigit() for sign in word)
    seen[SIGN] = bool(word) and not any(sign.isalnum() for sign in word)
    seen[JOINED] = text[:1].isalnum()
    seen[QUOTED] = '"' in text
    seen[NEWLINE] = "\n" in text
    seen[FORM] = any(sign in "{}[]:" for sign in text)
    seen[ENDS] = text[-1:] in (".", "!", "?", "\n")
    return [float(value) for value in seen]


def _plain(text: str) -> str:
    """The same for " The" and "the"."""
    return text.strip().lower()


def _pieces(text: str, reader: PreTrainedTokenizerBase) -> list[int]:
    """Of a token that continues a word ("ing") MiniLM's continuing piece, where there is one."""
    continuing: Any = reader.convert_tokens_to_ids(f"##{text}")
    if text.isalpha() and text.islower() and continuing != reader.unk_token_id:
        return [continuing]
    ids: Any = reader(text.strip(), add_special_tokens=False)["input_ids"]
    return [i for i in ids if i != reader.unk_token_id]
