"""The tokenizer of the offline decoder: a word has the same pieces wherever it stands."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tokenizers import AddedToken, Tokenizer
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from corpus.instruct.answers import Questions
from corpus.instruct.pairs import Pair
from training.instruct.frames import Frames, frames_of
from training.results import Progress
from training.tokenizer.base import BYTES, END, base_tokenizer
from training.tokenizer.train import train_tokenizer

# Enough that most words of news are one token; each of them also with a blank before it.
WORDS = 5000
# A word in capitals that falls into letters is copied astray ("NIGHT NIGHT NIGHT"), and news begin
# with some; so the article of one chat of so many is also read in capitals.
IN_CAPITALS = 8
CONTEXT = 1024
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
# {% generation %} marks what the assistant says, for those who mask by it.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>"
    "{% if message.role == 'assistant' %}{% generation %}{{ message.content }}{{ eos_token }}"
    "{% endgeneration %}{% else %}{{ message.content }}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
# A blank in a byte-level BPE.
BLANK = "\u0120"
UNREADABLE = "\ufffd"

Chats = Callable[[], Iterable[Pair]]


def chat_tokenizer(chats: Chats, on_progress: Progress | None = None) -> PreTrainedTokenizerBase:
    """A byte-level BPE with the words of these chats, their frames and roles, and the template."""
    bare = train_tokenizer(_read(chats), base_tokenizer(BYTES), WORDS, on_progress)
    found = _with_blanks(bare)
    found.add_tokens([AddedToken(f, normalized=False) for f in chat_frames(chats).all()])
    found.add_special_tokens({"additional_special_tokens": list(ROLES)})
    found.chat_template = CHAT_TEMPLATE
    found.model_max_length = CONTEXT
    return found


def chat_questions(chats: Chats) -> Questions:
    """What all of these chats ask."""
    return next(iter(chats())).questions


def chat_frames(chats: Chats) -> Frames:
    """What all of these chats have in common."""
    return frames_of(chat_questions(chats))


def _read(chats: Chats) -> Iterator[str]:
    """Chats with a line for each word, so that none is learned with a blank before it."""
    for number, pair in enumerate(chats()):
        yield from (message["content"].replace(" ", "\n") for message in pair.messages())
        if number % IN_CAPITALS == 0:
            yield pair.text.replace(" ", "\n").upper()


def _with_blanks(bare: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """Also knows each token with a blank before it, which it adds last.

    A name begins after a blank in an article and after a quotation mark in an answer. Were its
    pieces others there, it could not be copied.
    """
    content: dict[str, Any] = json.loads(bare.backend_tokenizer.to_str())
    model = content["model"]
    special = {token["content"] for token in content["added_tokens"]}
    plain = [token for token in model["vocab"] if token not in special and BLANK not in token]
    for token in plain:
        model["vocab"][BLANK + token] = len(model["vocab"])
    model["merges"] += [[BLANK, token] for token in plain]
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=Tokenizer.from_str(json.dumps(content)), eos_token=END, pad_token=END
    )


def token_texts(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """What each token of the vocabulary reads by itself."""
    return [str(tokenizer.decode([i])) for i in range(len(tokenizer))]


def token_forms(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """The same for a token and for it with a blank before it.

    What is no whole character reads alike, so its bytes tell it apart.
    """
    pieces: Any = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    return [
        piece.removeprefix(BLANK) if UNREADABLE in text else text.strip() or text
        for piece, text in zip(pieces, token_texts(tokenizer), strict=True)
    ]
