"""The head of the offline decoder: what of the stream makes a token likely."""

import math
import re
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from training.instruct.stream import BLANK, COPIED, JOINED, STREAM
from training.instruct.tokens import Chats, chat_frames, chat_questions, token_texts
from training.instruct.words import Parts

# A proposal to copy a word, or a sign that rather ends a name; nearness to the gist; how a token
# looks; and how large scores get.
COPY, COPY_OTHER, GIST, LOOKS, SHARPNESS = 1.6, 0.5, 0.2, 0.5, 16.0
IN_NAMES = re.compile(r"^[^\W_]|^[-'’&./]+$")
# How much rather a list ends at all, when no name is left, and while there is room: by a logistic
# regression on the lists of the sample desk.
END, END_NONE, END_ROOM = 1.0, 1.1, -2.0
# By how much a frame follows where it may, and else not; a topic, which only begins an answer, even
# less; and what was said is said again less.
FOLLOWS, BEGINS, AGAIN = 1.5, 4.0, 0.3


def write_head(
    head: Any,
    parts: Parts,
    themes: torch.Tensor,
    tokenizer: PreTrainedTokenizerBase,
    chats: Chats,
) -> None:
    """Likely is what the stream proposes to copy, what is near the gist, and what looks right."""
    frames, places = chat_frames(chats), tokenizer.get_vocab()
    seen = torch.cat([parts.codes, parts.words], dim=1)[:, :COPIED]
    texts = token_texts(tokenizer)
    copied = torch.tensor([COPY if IN_NAMES.search(t.strip()) else COPY_OTHER for t in texts])
    # No article has them, but an adapter finds them by the same dimensions.
    copied[[places[topic] for topic in frames.topics]] = COPY
    head[:, STREAM.copied] = copied[:, None] * seen / seen.norm(dim=1, keepdim=True)
    near = _with_topics(themes, tokenizer, chats)
    head[:, STREAM.gist] = GIST * near / themes.norm(dim=1).mean().clamp_min(1e-6)
    head[:, STREAM.wanted] = LOOKS * parts.shapes
    for place in (BLANK, JOINED):
        head[:, STREAM.proposed.start + place] = LOOKS * parts.shapes[:, place]
    known = [STREAM.turn.start + 1, STREAM.none_left.start, STREAM.room.start]
    head[:, known] = 0
    head[:, STREAM.said] = -AGAIN * parts.codes
    name, kind = range(STREAM.asked.start, STREAM.asked.stop)
    head[:, [name, kind]] = 0
    for frame in frames.all():
        head[places[frame], [name, kind]] = -BEGINS if frame in frames.topics else -FOLLOWS
    for frame, where in ((frames.kind, name), (frames.more, kind)):
        if frame:
            head[places[frame], where] = FOLLOWS
    if frames.end:
        # Else the same as what goes on with the list.
        head[places[frames.end]] = head[places[frames.more]]
        head[places[frames.end], known] = torch.tensor([END, END_NONE, END_ROOM])
    head.mul_(SHARPNESS / math.sqrt(STREAM.width))


def _with_topics(
    themes: torch.Tensor, tokenizer: PreTrainedTokenizerBase, chats: Chats
) -> torch.Tensor:
    """A topic's own token says what the words of its name say."""
    found = themes.clone()
    topics = chat_questions(chats).topics
    for topic, frame in zip(topics, chat_frames(chats).topics, strict=True):
        ids: Any = tokenizer(topic)["input_ids"]
        found[tokenizer.convert_tokens_to_ids(frame)] = themes[ids].mean(dim=0)
    return found
