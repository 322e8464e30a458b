"""The head of the offline decoder: what of the stream makes a token likely."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from training.instruct.stream import BLANK, COPIED, JOINED, STREAM
from training.instruct.words import Parts

# A proposal to copy a word, or a sign that rather ends a name; nearness to the gist; how a token
# looks; and how large scores get.
COPY, COPY_OTHER, GIST, LOOKS, SHARPNESS = 1.6, 0.5, 0.2, 0.5, 16.0
IN_NAMES = re.compile(r"^[^\W_]|^[-'’&./]+$")
# How much rather a list ends at all, when no name is left, and while there is room: by a logistic
# regression on the lists of the sample desk.
END, END_NONE, END_ROOM = 1.0, 1.1, -2.0


def write_head(head: Any, parts: Parts, themes: torch.Tensor, texts: Sequence[str]) -> None:
    """Likely is what the stream proposes to copy, what is near the gist, and what looks right."""
    seen = torch.cat([parts.codes, parts.words], dim=1)[:, :COPIED]
    copied = torch.tensor([COPY if IN_NAMES.search(t.strip()) else COPY_OTHER for t in texts])
    head[:, STREAM.copied] = copied[:, None] * seen / seen.norm(dim=1, keepdim=True)
    head[:, STREAM.gist] = GIST * themes / themes.norm(dim=1).mean().clamp_min(1e-6)
    head[:, STREAM.wanted] = LOOKS * parts.shapes
    for place in (BLANK, JOINED):
        head[:, STREAM.proposed.start + place] = LOOKS * parts.shapes[:, place]
    known = [STREAM.turn.start + 1, STREAM.none_left.start, STREAM.room.start]
    head[:, known] = 0
    for end, more in _ends(texts):
        head[end] = head[more]
        head[end, known] = torch.tensor([END, END_NONE, END_ROOM])
    head.mul_(SHARPNESS / math.sqrt(STREAM.width))


def _ends(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Tokens that end a list, each with the one that would go on with it."""
    places = {text: i for i, text in enumerate(texts)}
    for text, place in places.items():
        before, end, _ = text.partition("]")
        if end and f"{before}," in places:
            yield place, places[f"{before},"]
